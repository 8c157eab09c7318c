r"""Chemical formulas: H2SO4, \mathrm{H_2SO_4}, K3[Fe(CN)6], CuSO4·5H2O, Fe3+, SO_4^{2-}.

Element case is strict (Co is not CO). The written order of atoms counts, because it tells isomers apart
(CH3CH2OH and CH3OCH3); notation does not: brackets around a whole ion, bonds, `_`, braces, states, C2H5 for CH3CH2,
and the order of the two elements of a binary compound.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from sciinstruct.records import Verdict
from sciinstruct.verification.elements import NAMES, Z
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Formula", "compare", "parse", "plain", "read_formula", "same_formula"]

MAX_LENGTH = 200
MAX_ATOMS = 2_000

Atoms = tuple[tuple[str, int], ...]

_ATOM = re.compile(r"([A-Z][a-z]?)(\d*)")
_OPEN, _CLOSE = "([{", ")]}"
_STATE = re.compile(r"\((?:aq|s|l|g|ℓ|固|液|气|浓|稀|conc\.?|dil\.?)\)|(?:\\(?:up|down)arrow|[↑↓])")
_BOND = re.compile(r"(?<=[A-Za-z0-9)\]])(?:-|=|≡|\\equiv ?|#)(?=[A-Z(\[])")
_SCRIPT = re.compile(r"_ ?(?:\{ ?(\d+) ?\}|(\d))")
_CHARGE = re.compile(
    r"\^ ?(?:\{ ?(?:(\d*) ?([+-])|([+-]) ?(\d+)) ?\}|(\d*)([+-])|([+-])(\d+))$|\(([+-]?)(\d)([+-]?)\)$"
)
_PLAIN_CHARGE = re.compile(r"(\d*)([+-]+|[+-]\d)$")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7}
_OXIDATION = re.compile(r"^([A-Z][a-z]?) ?\((I{1,3}|IV|VI{0,2})\)$")
_ENGLISH = frozenset(("No", "In", "As", "At", "He", "Be", "I", "Am", "Os", "Ho", "Pa", "La", "Co", "Re"))
"Element symbols that are words or names of other things: a reference of this kind alone is not read as a formula."
_LAST_WITH_COMPOUNDS = 103
"Nobody writes formulas of the elements beyond: BLv is a product."
_DIVIDER = re.compile(r"[^A-Za-z0-9_^{}()\[\]+·.*-]+")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that could be read.

    `atoms` are in written order with groups written out; `water` (or any other part behind a dot) likewise, each with
    its number in `atoms` form; `other` is a second possible reading (O2- is an oxide ion or a superoxide ion).
    """

    text: str
    atoms: Atoms
    charge: int
    other: tuple[Atoms, int] | None = None

    def composition(self) -> dict[str, int]:
        """How many atoms of each element."""
        return _composition(self.atoms)


def parse(text: str) -> Formula | None:
    """The formula that `text` consists of; None for words, variables, numbers and everything else."""
    cleaned = plain(text)
    formula = read_formula(cleaned)
    return formula if formula is not None and _is_no_word(cleaned, formula) else None


def compare(gold: Formula, answer: str, policy: Policy) -> Verdict:
    """Is `answer` the same formula (rule "formula")? Words around one single formula are left out.

    Same atoms in another order may be an isomer: unknown, unless there are only two elements.
    """
    formula = read_formula(plain(answer)) or _named_element(clean(answer)) or _formula_among_words(clean(answer))
    if formula is None:
        return unknown("formula", f"cannot read {shorten(answer)!r} as a chemical formula")
    same = same_formula(gold, formula)
    if same is None:
        return unknown("formula", "the same atoms in another order: possibly an isomer, or another reading")
    if same:
        return right("formula", f"{formula.text} = {gold.text}")
    if gold.composition() == formula.composition():
        return wrong("formula", f"charge {formula.charge:+d} instead of {gold.charge:+d}")
    return wrong("formula", f"{formula.text} has other atoms than {gold.text}")


def same_formula(one: Formula, other: Formula) -> bool | None:
    """Are two formulas the same substance: True, False, or None where order or reading leaves it open?"""
    if one.charge == other.charge and _ordered(one.atoms) == _ordered(other.atoms):
        return True
    if one.charge == other.charge and one.composition() == other.composition():
        return True if len(one.composition()) == 2 and _is_binary(one) and _is_binary(other) else None
    for reading, against in ((one.other, other), (other.other, one)):
        if reading and reading[1] == against.charge and _composition(reading[0]) == against.composition():
            return None
    return False


def plain(text: str) -> str:
    """A cleaned text without subscript marks, states, bonds and white space; charges keep their `^`."""
    cleaned = _STATE.sub("", clean(text[: MAX_LENGTH * 4]).replace("\\cdot", "·").replace("\\bullet", "·"))
    cleaned = _SCRIPT.sub(lambda match: match.group(1) or match.group(2), cleaned.replace("{}", ""))
    return _BOND.sub("", cleaned.replace(" ", "")).strip("。.,;，；")


def read_formula(text: str) -> Formula | None:
    """The formula in a text without blanks and subscript marks (`plain`), None where there is none."""
    if not text or len(text) > MAX_LENGTH:
        return None
    if text in ("e^-", "e-", "e^{-}"):
        return Formula("e^-", (("e", 1),), -1)
    if oxidation := _OXIDATION.match(text):
        symbol, state = oxidation.groups()
        return Formula(text, ((symbol, 1),), _ROMAN[state]) if symbol in Z else None
    body, charge, rest = _split_charge(text)
    if body is None:
        return None
    atoms = _read_parts(body)
    if atoms is None:
        return None
    other = None
    if rest is not None and (second := _read_parts(rest[0])) is not None:
        other = (second, rest[1])
    return Formula(text, atoms, charge, other)


# -- charge ------------------------------------------------------------------------------------------------------------


def _split_charge(text: str) -> tuple[str | None, int, tuple[str, int] | None]:
    """The text without its charge, the charge, and where there are two readings the second one.

    A plain digit before the sign is the charge after one atom (Fe3+, O2-), the last of two digits is the charge after
    several (SO42-) or a square bracket, and one digit after several atoms counts atoms (MnO4-, Al(OH)4-).
    """
    if match := _CHARGE.search(text):
        digits, sign, sign2, digits2, digits3, sign3, sign4, digits4, sign5, digit5, sign6 = match.groups()
        size = digits or digits2 or digits3 or digits4 or digit5 or "1"
        which = sign or sign2 or sign3 or sign4 or sign5 or sign6
        if not which or len(size) > 2:
            return None, 0, None
        return text[: match.start()], int(size) * (1 if which == "+" else -1), None
    match = _PLAIN_CHARGE.search(text)
    if match is None:
        return (text, 0, None) if "^" not in text else (None, 0, None)
    digits, signs = match.groups()
    head, unit = text[: match.start()], 1 if signs[0] == "+" else -1
    if signs[1:].isdigit():  # Fe+3
        return head + digits, unit * int(signs[1:]), None
    if len(signs) > 1:  # Fe+++, Cu++
        return (head + digits, unit * len(signs), None) if set(signs) == {signs[0]} else (None, 0, None)
    if not digits or head[-1:] == "]":
        return head, unit * int(digits or 1), None
    if len(digits) > 1:
        return head + digits[:-1], unit * int(digits[-1]), None
    if head in Z and head not in ("I", "Br"):
        return head, unit * int(digits), (head + digits, unit)
    return head + digits, unit, (head, unit * int(digits))


# -- atoms -------------------------------------------------------------------------------------------------------------


def _read_parts(body: str) -> Atoms | None:
    """The atoms of a formula whose parts (hydrate water) stand behind dots, in written order."""
    atoms: list[tuple[str, int]] = []
    for position, part in enumerate(re.split(r"[·.*]", body)):
        match = re.match(r"(\d*)(.*)$", part, re.DOTALL)
        number, rest = match.groups() if match else ("", "")
        if not rest or (number and position == 0) or len(number) > 2:
            return None
        group = _read_atoms(rest)
        if group is None or (number and not int(number)):
            return None
        if position:
            atoms.append(("·", int(number or 1)))
        atoms += group * int(number or 1)
        if len(atoms) > MAX_ATOMS:
            return None
    return tuple(atoms)


def _read_atoms(text: str) -> list[tuple[str, int]] | None:
    """Atoms and bracketed groups, groups written out as often as they are counted."""
    stack: list[list[tuple[str, int]]] = [[]]
    brackets: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character in _OPEN:
            brackets.append(character)
            stack.append([])
            at += 1
        elif character in _CLOSE:
            if not brackets or _CLOSE.index(character) != _OPEN.index(brackets.pop()):
                return None
            group = stack.pop()
            digits = re.compile(r"\d*").match(text, at + 1)
            count = digits.group() if digits else ""
            at += 1 + len(count)
            if not group or not _is_count(count) or len(group) * int(count or 1) > MAX_ATOMS:
                return None
            stack[-1] += group * int(count or 1)
        else:
            match = _ATOM.match(text, at)
            symbol, count = _symbol(match) if match else ("", "")
            if not symbol or not _is_count(count):
                return None
            stack[-1].append((symbol, int(count or 1)))
            at += len(symbol) + len(count)
    return stack[0] if not brackets and stack[0] else None


def _symbol(match: re.Match[str]) -> tuple[str, str]:
    """Element and count of an atom: the longest symbol that exists."""
    letters, count = match.groups()
    if letters in Z or letters in ("D", "T"):
        return letters, count
    return (letters[0], "") if letters[0] in Z else ("", "")


def _is_count(count: str) -> bool:
    return not count or (count[0] != "0" and len(count) <= 3)


def _composition(atoms: Atoms) -> dict[str, int]:
    total: Counter[str] = Counter()
    for symbol, count in atoms:
        if symbol != "·":
            total[symbol] += count
    return dict(total)


def _ordered(atoms: Atoms) -> Atoms:
    """Atoms in order with C2H5 written as CH3CH2 (CH2CH3 behind others) and neighbours of one element added up."""
    spread: list[tuple[str, int]] = []
    for atom in atoms:
        if atom == ("H", 5) and spread and spread[-1] == ("C", 2):
            first, second = (3, 2) if len(spread) == 1 else (2, 3)
            spread[-1:] = [("C", 1), ("H", first), ("C", 1), ("H", second)]
        elif spread and spread[-1][0] == atom[0] != "·":
            spread[-1] = (atom[0], spread[-1][1] + atom[1])
        else:
            spread.append(atom)
    return tuple(spread)


def _is_binary(formula: Formula) -> bool:
    """Are there just two atoms with their counts, as in NaCl or SO2?"""
    return len(_ordered(formula.atoms)) == 2


# -- words -------------------------------------------------------------------------------------------------------------


def _is_no_word(text: str, formula: Formula) -> bool:
    """Is this surely a formula: an ion, a count, or symbols that are no word, no variable and no option's letter?"""
    counts = [count for _, count in formula.atoms]
    if formula.charge or max(counts) > 1:
        return not re.fullmatch(r"[A-Z]1", text)
    if text in _ENGLISH:
        return False
    if any(len(symbol) > 1 and Z.get(symbol, 1) <= _LAST_WITH_COMPOUNDS for symbol, _ in formula.atoms):
        return True
    return len(formula.atoms) > 1 and (("O", 1) in formula.atoms or ("H", 1) in formula.atoms or text in ("KI", "KF"))


def _named_element(cleaned: str) -> Formula | None:
    symbol = NAMES.get(cleaned.strip(" .。").lower())
    return Formula(symbol, ((symbol, 1),), 0) if symbol else None


_DENIED = re.compile(r"\b(?:not|never|no|nor|neither|without|except)\b|n't|不|非|没", re.IGNORECASE)


def _formula_among_words(cleaned: str) -> Formula | None:
    """The one formula in a text of words ("碳酸钠（Na2CO3）"); None where there is none, several, or a negation."""
    if _DENIED.search(cleaned[:MAX_LENGTH]):
        return None
    found: list[Formula] = []
    for word in _DIVIDER.split(_SCRIPT.sub(lambda match: match.group(1) or match.group(2), cleaned[:MAX_LENGTH])):
        candidate = word.strip(".,()") if word.count("(") != word.count(")") or word[:1] == "(" else word.strip(".,")
        formula = parse(candidate)
        if formula is not None and not any(same_formula(formula, known) for known in found):
            found.append(formula)
    return found[0] if len(found) == 1 else None
