r"""Reaction equations, chemical, ionic and nuclear: 2H2 + O2 -> 2H2O, Ag^+ + Cl^- = AgCl↓, ^{14}_6C → ^{14}_7N + e^-.

A reaction is two multisets of species with a direction. Multiples are the same reaction (an option of the policy);
order, arrows, conditions over the arrow, states and precipitate arrows are notation.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from sciinstruct.records import Verdict
from sciinstruct.verification.chemistry import Formula, plain, read_formula, same_formula
from sciinstruct.verification.isotope import PARTICLES, Nuclide, read_nuclide
from sciinstruct.verification.isotope import parse as parse_nuclide
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Reaction", "Species", "compare", "parse"]

MAX_LENGTH = 600
MAX_SPECIES = 24

Species = Formula | Nuclide

_ARGUMENT = r"\{(?:[^{}]|\{[^{}]{0,60}\}){0,80}\}"
_OVER_ARROW = re.compile(
    r"\\(?:xrightarrow|xlongequal|xleftrightarrow|xrightleftharpoons|xlongrightarrow)"
    rf" ?(?:\[[^\[\]]{{0,80}}\])? ?{_ARGUMENT}"
    rf"|\\(?:stackrel|overset|underset) ?{_ARGUMENT}"
    r" ?\{? ?(?:=+|\\(?:long)?rightarrow|→|\\to|\\rightleftharpoons|⇌)? ?\}?"
)
_BOTH_WAYS = re.compile(
    r"\\(?:rightleftharpoons|leftrightharpoons|leftrightarrow|longleftrightarrow|leftrightarrows|rightleftarrows)|⇌|↔|<=+>|<-+>"
)
_BACKWARD = re.compile(r"\\(?:long)?leftarrow|←|<-+|<=+")
_FORWARD = re.compile(r"\\(?:long)?rightarrow|\\to(?![a-z])|\\Rightarrow|→|[-=—]+>|[-–—]{2,}>?")
_CHARGE_BEFORE_ARROW = re.compile(r"\^ ?-(?=[-=]+>|=)")
_CONDITION = re.compile(r"→ ?(?:\[[^\[\]→]{1,40}\]|[(（][^()（）→]{1,40}[)）]) ?→?|=+ ?[^=A-Za-z0-9+]{1,20} ?=+")
_CATALYST = re.compile(r"= ?[A-Za-z0-9 ]{1,16} ?=")
_EQUALS = re.compile(r"=+")
_LEAD = re.compile(r"^[^:：]*[:：]\s*(?=\S)")
_TRAIL = re.compile(
    r"[;；，,。].*$|\s+(?:\\Delta|Δ|∆) ?H.*$|\s*[(（][^()（）]*[\u4e00-\u9fffΔ△][^()（）]*[)）]\s*$|\.$", re.DOTALL
)
_STATE = re.compile(r"\((?:aq|s|l|g|ℓ)\)|\\(?:up|down)arrow|[↑↓]")
_COEFFICIENT = re.compile(
    r"(?:\\frac ?\{? ?(\d{1,3}) ?\}? ?\{? ?(\d{1,3}) ?\}?|\(?(\d{1,3})/(\d{1,3})\)?|(\d{1,4}(?:\.\d{1,3})?))"
    r" ?(?=[A-Z(\[{^_\\eαβγnp])"
)
_CHARGE_OPEN = re.compile(r"\^ ?\d?$")
_TAKEN = re.compile(r" ?- ?(\d{0,3}) ?e ?(?:\^ ?\{? ?- ?\}?|-)? ?(?=[+→⇌←=]|$)")
"Electrons taken away (Zn - 2e- = Zn2+) are electrons on the other side."


@dataclass(frozen=True, slots=True)
class Reaction:
    """The species of both sides with their coefficients, in written order, and the cleaned text."""

    text: str
    left: tuple[tuple[Fraction, Species], ...]
    right: tuple[tuple[Fraction, Species], ...]


def parse(text: str) -> Reaction | None:
    """The reaction equation that `text` consists of (words before a colon are left out); None for everything else."""
    reaction = _read_text(text)
    return reaction if reaction is not None and _is_chemistry(reaction) else None


def compare(gold: Reaction, answer: str, policy: Policy) -> Verdict:
    """Is `answer` the same reaction (rule "reaction")? A wrong one is told with what is missing or not balanced."""
    reaction = _read_text(answer)
    if reaction is None:
        return unknown("reaction", f"cannot read {shorten(answer)!r} as a reaction equation")
    left, right_side = _ratios(gold.left, reaction.left), _ratios(gold.right, reaction.right)
    if isinstance(left, str) or isinstance(right_side, str):
        reasons = [part for part in (left, right_side) if isinstance(part, str)]
        if any(reason.startswith("perhaps") for reason in reasons) and all(r.startswith("perhaps") for r in reasons):
            return unknown("reaction", reasons[0])
        if not isinstance(_ratios(gold.left, reaction.right), str) and not isinstance(
            _ratios(gold.right, reaction.left), str
        ):
            return wrong("reaction", "the reaction runs the other way")
        return wrong("reaction", reasons[0] + _balance_remark(reaction))
    ratios = left | right_side
    if len(ratios) > 1:
        return wrong("reaction", "other coefficients" + _balance_remark(reaction))
    scale = next(iter(ratios))
    if scale == 1:
        return right("reaction", "the same species with the same coefficients")
    if policy.scaled_reactions:
        return right("reaction", f"the same reaction, all coefficients times {scale}")
    return wrong("reaction", f"all coefficients are {scale} times the reference's")


def imbalance(reaction: Reaction) -> str:
    """Which element or charge is not balanced, in words; empty where all are."""
    totals: Counter[str] = Counter()
    for sign, side in ((1, reaction.left), (-1, reaction.right)):
        for coefficient, species in side:
            for name, count in _contents(species):
                totals[name] += sign * coefficient * count  # type: ignore[assignment]
    for name, excess in totals.items():
        if excess:
            return f"{name} is not balanced ({abs(excess)} more on the {'left' if excess > 0 else 'right'})"
    return ""


# -- comparison --------------------------------------------------------------------------------------------------------


def _ratios(
    gold: tuple[tuple[Fraction, Species], ...], side: tuple[tuple[Fraction, Species], ...]
) -> set[Fraction] | str:
    """The ratios of coefficients species by species, or the reason why the species are not the same."""
    open_species = list(side)
    ratios: set[Fraction] = set()
    perhaps = ""
    for coefficient, species in gold:
        for position, (its_coefficient, candidate) in enumerate(open_species):
            same = _same(species, candidate)
            if same:
                ratios.add(its_coefficient / coefficient)
                del open_species[position]
                break
            if same is None and not perhaps:
                perhaps = f"perhaps {_name(candidate)} is not {_name(species)}"
        else:
            return perhaps or f"{_name(species)} is missing"
    return ratios if not open_species else f"{_name(open_species[0][1])} does not belong there"


def _same(one: Species, other: Species) -> bool | None:
    if isinstance(one, Formula) and isinstance(other, Formula):
        return same_formula(one, other)
    if isinstance(one, Nuclide) and isinstance(other, Nuclide):
        return one == other
    electrons = [s for s in (one, other) if isinstance(s, Formula)]
    nuclides = [s for s in (one, other) if isinstance(s, Nuclide)]
    return electrons[0].atoms == (("e", 1),) and nuclides[0].symbol == "e" and nuclides[0].charge == -1


def _name(species: Species) -> str:
    return species.text if isinstance(species, Formula) else f"{species.symbol}-{species.mass}"


def _contents(species: Species) -> Iterator[tuple[str, int]]:
    if isinstance(species, Nuclide):
        yield "the mass number", species.mass
        yield "the charge number", species.charge
        return
    if species.atoms != (("e", 1),):
        yield from species.composition().items()
    yield "the charge", species.charge


def _balance_remark(reaction: Reaction) -> str:
    remark = imbalance(reaction)
    return f"; {remark}" if remark else ""


# -- reading -----------------------------------------------------------------------------------------------------------


def _read_text(text: str) -> Reaction | None:
    cleaned = clean(text[:MAX_LENGTH])
    return _read(cleaned) or (_read(_LEAD.sub("", cleaned)) if _LEAD.match(cleaned) else None)


def _is_chemistry(reaction: Reaction) -> bool:
    """Does this surely speak of substances? V_2 = 2V_3 and H = U + PV could, but do not."""
    species = [species for _, species in reaction.left + reaction.right]
    formulas = [one for one in species if isinstance(one, Formula)]
    if len(species) == 2 and _same(*species):
        return False  # CH2=CH2 is one substance
    if len(formulas) < len(species) or any(formula.charge for formula in formulas):
        return True
    atoms = [atom for formula in formulas for atom in formula.atoms]
    marked = any(len(symbol) > 1 or count > 1 for symbol, count in atoms)
    return marked and any(len(formula.composition()) > 1 for formula in formulas)


def _read(text: str) -> Reaction | None:
    """The first reading of the text that is balanced, else the first one."""
    readings = [*_readings(text)]
    return next((reading for reading in readings if not imbalance(reading)), readings[0] if readings else None)


def _readings(text: str) -> Iterator[Reaction]:
    """All ways to part the text into two sides."""
    text = _with_plain_arrow(text)
    arrow = next((arrow for arrow in "⇌→←=" if arrow in text), None)
    for spelled in (text, _CATALYST.sub("=", text)) if arrow == "=" else (text,) if arrow else ():
        for cut in _cuts(spelled, arrow or ""):
            left, right_side = _read_sides(spelled[:cut], _TRAIL.sub("", spelled[cut + 1 :]))
            if left and right_side:
                sides = (right_side, left) if arrow == "←" else (left, right_side)
                yield Reaction(spelled, *sides)


_Side = tuple[tuple[Fraction, Species], ...]


def _read_sides(left: str, right_side: str) -> tuple[_Side | None, _Side | None]:
    """Both sides, with electrons that one side takes away added to the other."""
    taken_left, taken_right = _TAKEN.search(left), _TAKEN.search(right_side)
    if taken_left:
        left, right_side = _TAKEN.sub("", left), f"{right_side} + {taken_left.group(1)}e^-"
    if taken_right:
        left, right_side = f"{left} + {taken_right.group(1)}e^-", _TAKEN.sub("", right_side)
    return _read_side(left), _read_side(right_side)


def _with_plain_arrow(text: str) -> str:
    """The text with one of → ⇌ ← = for any arrow, without the conditions written at it."""
    text = _OVER_ARROW.sub(lambda match: "=" if "=" in match.group() or "xlong" in match.group() else "→", text)
    text = _CHARGE_BEFORE_ARROW.sub("^{-}", text)
    text = _FORWARD.sub("→", _BACKWARD.sub("←", _BOTH_WAYS.sub("⇌", text)))
    text = _CONDITION.sub(lambda match: "→" if match.group()[0] == "→" else "=", text)
    return _EQUALS.sub("=", re.sub(r"(?:→ ?\}? ?)+", "→", text))


def _cuts(text: str, arrow: str) -> list[int]:
    """Where the sides may part: at the only arrow, or at any of several equals signs (the others are double bonds)."""
    cuts = [position for position, character in enumerate(text) if character == arrow]
    return cuts if arrow == "=" and len(cuts) <= 4 else cuts if len(cuts) == 1 else []


def _read_side(side: str) -> tuple[tuple[Fraction, Species], ...] | None:
    """All species of one side with their coefficients; None where one of them cannot be read."""
    read: list[tuple[Fraction, Species]] = []
    for term in _terms(_STATE.sub("", side)):
        coefficient, rest = _split_coefficient(term.strip())
        species = read_nuclide(rest) or _hyphenated(rest) or read_formula(plain(rest)) or _particle(rest)
        if species is None or not coefficient or len(read) == MAX_SPECIES:
            return None
        for position, (known, other) in enumerate(read):
            if _same(species, other):
                read[position] = (known + coefficient, other)
                break
        else:
            read.append((coefficient, species))
    return tuple(read) or None


def _terms(side: str) -> list[str]:
    """The terms of a side: a plus parts them unless it is a charge (in braces, after ^, before a plus or the end)."""
    terms, start, level = [], 0, 0
    for at, character in enumerate(side):
        level += (character in "{([") - (character in "})]")
        if character != "+" or level > 0:
            continue
        following = side[at + 1 :].lstrip()
        is_charge = at > start and bool(not following or following[0] == "+" or _CHARGE_OPEN.search(side[start:at]))
        if not is_charge:
            terms.append(side[start:at])
            start = at + 1
    return [*terms, side[start:]]


def _split_coefficient(term: str) -> tuple[Fraction, str]:
    match = _COEFFICIENT.match(term)
    if match is None:
        return Fraction(1), term
    above, below, above2, below2, number = match.groups()
    if number:
        return Fraction(number), term[match.end() :]
    if not int(below or below2):
        return Fraction(0), term
    return Fraction(int(above or above2), int(below or below2)), term[match.end() :]


def _hyphenated(text: str) -> Nuclide | None:
    """U-238: an isotope with a hyphen before its mass number."""
    return parse_nuclide(text) if _HYPHENATED.fullmatch(text) else None


_HYPHENATED = re.compile(r"[A-Z][a-z]?-[0-9]{1,3}")


def _particle(text: str) -> Nuclide | None:
    """A particle by its letter alone: n, p, α, β^-, β^+, γ."""
    bare = text.replace(" ", "").replace("\\alpha", "α").replace("\\beta", "β").replace("\\gamma", "γ").strip("{}")
    name, _, sign = bare.partition("^")
    known = PARTICLES.get(name.rstrip("+-"))
    if known is None:
        return None
    positron = name[0] == "β" and "+" in sign + name
    return Nuclide(known[0], known[1], 1 if positron else known[2])
