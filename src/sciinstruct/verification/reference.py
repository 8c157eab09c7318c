"""Which type of answer a reference is: decided once per reference, on its own text, the question and the options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sciinstruct.records import Verdict
from sciinstruct.verification import choice, quantity, special, text, truth
from sciinstruct.verification.normalise import DEPTH_LIMIT, clean, depth, words
from sciinstruct.verification.parts import Part, compare_parts, labelled, listed
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.substances import formula_of
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["SYMBOLIC", "Reference", "read_reference"]

SYMBOLIC = frozenset(("expression", "matrix"))
"Types whose open cases may go to the symbolic worker."

Compare = Callable[[str, Policy], Verdict]


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference answer with its type (the rule's name) and the comparator of that type.

    `parts` is the number of sub-answers; `alternatives` says that the reference itself offers several values ("or").
    """

    gold: str
    rule: str
    compare: Compare
    parts: int = 1
    alternatives: bool = False


def read_reference(gold: str, question: str | None, options: Mapping[str, str] | None) -> Reference:
    """The type of the reference `gold`: the first of the types, from the most specific on, that can read it."""
    letters = choice.parse(gold, options)
    if letters is not None and _is_choice(letters, question, options):
        return Reference(gold, "choice", partial(_choose, letters, options or {}))
    if options and (key := _option_of(gold, options)):
        return Reference(gold, "choice", partial(_choose, key, options))
    if depth(gold) > DEPTH_LIMIT:
        return Reference(gold, "text", partial(text.compare, gold))
    return _typed(gold)


@lru_cache(maxsize=1024)
def _typed(gold: str) -> Reference:
    """The type of a reference that is no choice."""
    if formula := formula_of(gold):
        return Reference(gold, "text", partial(_compare_name, gold, formula))
    found = _of_words(gold) or _of_parts(gold) or _of_science(gold)
    return found or Reference(gold, "text", partial(text.compare, gold))


def _choose(letters: str, options: Mapping[str, str], answer: str, policy: Policy) -> Verdict:
    return choice.compare(letters, answer, policy, options=options)


def _of_words(gold: str) -> Reference | None:
    if _CIRCLED.fullmatch(gold.strip()):
        return Reference(gold, "choice", partial(_compare_circled, gold))
    value = truth.parse(gold)
    if value is not None:
        return Reference(gold, "truth", partial(truth.compare, value))
    meaning = special.parse(gold)
    if meaning is not None:
        return Reference(gold, "words", partial(special.compare, meaning))
    return None


_CIRCLED = re.compile(r"[①-⑳](?:[、,，和 ]{0,2}[①-⑳]){0,11}[.。]?")


def _compare_circled(gold: str, answer: str, policy: Policy) -> Verdict:
    """Numbered statements (①③): the same ones, in any order, circled or in brackets."""
    named = re.sub(r"[(（](\d{1,2})[)）]", lambda match: chr(ord("①") + int(match.group(1)) - 1), answer.strip())
    if not _CIRCLED.fullmatch(named):
        return unknown("choice", f"{shorten(answer)!r} names no statements by number")
    ours, theirs = set(re.findall("[①-⑳]", gold)), set(re.findall("[①-⑳]", named))
    if ours == theirs:
        return right("choice", "the same statements")
    return wrong("choice", f"{''.join(sorted(theirs))} instead of {''.join(sorted(ours))}")


def _of_parts(gold: str) -> Reference | None:
    """Labelled parts of any type, or a list of quantities of which at least one has a unit."""
    parts = labelled(gold)
    if parts is not None:
        return _parts_reference(gold, parts, any_order=False)
    if quantity.parse(gold) is not None:
        return None
    parts = listed(gold)
    if parts is None:
        return None
    measured = [quantity.parse(part.text) for part in parts]
    if not all(measured) or not any(m and m.unit for m in measured):
        return None
    dimensions = [m.unit.dimension if m and m.unit else None for m in measured]
    return _parts_reference(gold, parts, any_order=len(set(dimensions)) == len(dimensions))


def _parts_reference(gold: str, parts: tuple[Part, ...], *, any_order: bool) -> Reference:
    references = {part: read_reference(part.text, None, None) for part in parts}

    def compare(answer: str, policy: Policy) -> Verdict:
        return compare_parts(parts, answer, policy, lambda p, a: references[p].compare(a, policy), any_order=any_order)

    return Reference(gold, "parts", compare, parts=len(parts), alternatives=True)


def _of_science(gold: str) -> Reference | None:
    """Quantities, chemistry, structures, expressions."""
    measured = quantity.parse(gold)
    if measured is not None and not _is_symbolic_constant(measured) and not _is_formula(gold, measured):
        rule = "number" if measured.unit is None and not measured.words else "quantity"
        return Reference(gold, rule, partial(_compare_quantity, gold, measured))
    for rule, parse, compare in _types():
        value = parse(gold)
        if value is not None:
            return Reference(gold, rule, partial(compare, value), alternatives=rule in _OF_SEVERAL)
    if measured is not None:
        return Reference(gold, "quantity", partial(quantity.compare, measured))
    return Reference(gold, "expression", partial(text.compare, gold)) if _CALCULUS.search(gold) else None


_CALCULUS = re.compile(r"\\(?:int|iint|oint|sum|prod|lim)(?![a-z])")
"What only the symbolic worker can evaluate."


_OF_SEVERAL = frozenset(("set", "interval", "equation"))


def _is_symbolic_constant(measured: quantity.Quantity) -> bool:
    return measured.unit is None and not measured.words and measured.number.place is None and not measured.approximate


def _compare_quantity(gold: str, measured: quantity.Quantity, answer: str, policy: Policy) -> Verdict:
    """As a quantity; an answer that is none may still be an expression of the same value (`i^2` for -1)."""
    verdict = quantity.compare(measured, answer, policy)
    if measured.unit is not None or measured.words:
        return verdict
    if verdict.value == "right" and _other_variable(gold, answer):
        return unknown("number", f"the same value, but of another variable: {shorten(answer)!r}")
    if verdict.value != "unknown" or not _looks_mathematical(clean(answer)):
        return verdict
    from sciinstruct.verification import expression, relations

    tree = expression.parse(gold)
    if tree is not None:
        return expression.compare(tree, answer, policy)
    equation = relations.parse(gold)
    return _compare_equation(equation, answer, policy) if equation is not None else verdict


_VARIABLE_NAME = re.compile(r"\s*([a-z])(?:_\{?\w+\}?)? ?=")


def _other_variable(gold: str, answer: str) -> bool:
    """Do reference and answer name two different variables (`x = 1`, `y = 1`)?"""
    ours, theirs = _VARIABLE_NAME.match(clean(gold)), _VARIABLE_NAME.match(clean(answer))
    return bool(ours and theirs and ours.group(1) != theirs.group(1))


_ELEMENT = re.compile(r"[A-Z]")
_UPRIGHT = re.compile(r"\\(?:text|mathrm|mbox|rm|operatorname|textrm|unit|SI|,|;)|~|%|°|circ")
_VARIABLE_LIKE = words("a b c d e g h l n t u x y D G P")


def _is_formula(gold: str, measured: quantity.Quantity) -> bool:
    """Is what looks like a number with a unit a term like `3a`, `\\frac{5}{2} R` or `\\frac{1}{12} ml^2`?"""
    if _UPRIGHT.search(gold):
        return False
    if measured.words and len(measured.words) <= 2 and measured.words.isascii():
        return True
    attached = f"{measured.number.text}{measured.unit_text}" in clean(gold)
    factor = measured.number.integer and abs(measured.number.value) < 10
    if measured.unit_text in _VARIABLE_LIKE and factor and (attached or "$" in gold or "\\" in gold):
        return True
    return bool(measured.unit_text) and "\\" in gold and measured.number.place is None


def _types() -> list[tuple[str, Callable[[str], Any], Callable[[Any, str, Policy], Verdict]]]:
    """Chemistry and mathematics, imported at the first reference that needs them."""
    from sciinstruct.verification import (
        chemistry,
        configuration,
        intervals,
        isotope,
        matrix,
        reaction,
        relations,
        structures,
    )

    return [
        ("reaction", lambda gold: reaction.parse(gold) if _ELEMENT.search(gold) else None, reaction.compare),
        ("isotope", isotope.parse, isotope.compare),
        ("configuration", configuration.parse, configuration.compare),
        ("formula", chemistry.parse, _compare_formula),
        ("matrix", matrix.parse, matrix.compare),
        ("interval", intervals.parse, intervals.compare),
        ("set", lambda gold: None if _is_wordy(clean(gold)) else structures.parse(gold), structures.compare),
        ("ratio", structures.parse_ratio, structures.compare_ratio),
        ("equation", relations.parse, _compare_equation),
        ("expression", _parse_expression, _compare_expression),
    ]


def _compare_expression(gold: Any, answer: str, policy: Policy) -> Verdict:
    """As an expression; a constant may also be answered as a quantity ("30°" for pi/6, "half" for 1/2)."""
    from sciinstruct.verification import expression

    verdict = expression.compare(gold, answer, policy)
    if verdict.value == "right":
        return verdict
    if formula_of(answer) == gold.text:
        return right("formula", f"{answer} is {gold.text}")
    constant, other = quantity.parse(gold.text), quantity.parse(answer)
    if constant is None or other is None or (other.unit is None and verdict.value == "wrong"):
        return verdict
    return quantity.same_quantity(constant, other, policy)


def _compare_equation(gold: Any, answer: str, policy: Policy) -> Verdict:
    """As an equation; values of a function at two points (`f(1) = 0`, `f(2) = 0`) say different things."""
    from sciinstruct.verification import relations

    verdict = relations.compare(gold, answer, policy)
    if verdict.value == "right" and quantity.points_differ(gold.text, clean(answer)):
        return unknown("equation", "values of a function at different points")
    return verdict


def _compare_formula(gold: Any, answer: str, policy: Policy) -> Verdict:
    """As a formula, or by the name of a common substance."""
    from sciinstruct.verification import chemistry

    verdict = chemistry.compare(gold, answer, policy)
    named = formula_of(answer) if verdict.value != "right" else None
    return chemistry.compare(gold, named, policy) if named else verdict


def _compare_name(gold: str, formula: str, answer: str, policy: Policy) -> Verdict:
    """The name of a common substance: the same words, another name of it, or its formula."""
    verdict = text.compare(gold, answer, policy)
    if verdict.value != "unknown":
        return verdict
    from sciinstruct.verification import chemistry

    tree = chemistry.read_formula(formula)
    compared = chemistry.compare(tree, formula_of(answer) or answer, policy) if tree else verdict
    return compared if compared.value == "right" else verdict


def _parse_expression(gold: str) -> Any:
    from sciinstruct.verification import expression

    return expression.parse(gold) if _looks_mathematical(clean(gold)) else None


_WORD = re.compile(r"(?<![\\a-zA-Z])[a-zA-Z]{4,}")


def _is_wordy(plain: str) -> bool:
    """Is it a list of words ("even, odd"), not of values?"""
    return not re.search(r"\d|\\", plain) and bool(_LONG_WORD.search(plain))


_LONG_WORD = re.compile(r"(?<![A-Za-z])(?!or(?![a-z])|and(?![a-z]))[A-Za-z]{3,}")
_SPELLED_MATHEMATICS = re.compile("根号|派")
_FUNCTIONS = words("sinh cosh tanh sqrt arcsin arccos arctan coth frac theta alpha beta gamma")


def _looks_mathematical(plain: str) -> bool:
    """Has it the look of a formula, rather than of words that could be read as products of variables?"""
    plain = _SPELLED_MATHEMATICS.sub("\\\\sqrt", plain)
    if any(word.lower() not in _FUNCTIONS for word in _WORD.findall(plain)) or re.search(r"[\u4e00-\u9fff]", plain):
        return False
    return len(plain) <= 2 or bool(re.search(r"[\\^_=+*/()\d|<>-]", plain))


_OPTION_MARK = re.compile(r"(?:^|[\s\n(（])([A-H])[.、:：．)）]")


def _is_choice(letters: str, question: str | None, options: Mapping[str, str] | None) -> bool:
    """Are these letters labels of options? Given options decide; else options in the question; else A to F in order."""
    if options:
        return all(letter in options for letter in letters)
    if question:
        marks = set(_OPTION_MARK.findall(question))
        if len(marks) >= 2:
            return set(letters) <= marks | set("ABCD")
    return set(letters) <= set("ABCDEF")


def _option_of(gold: str, options: Mapping[str, str]) -> str | None:
    """The letter of the option that the reference repeats in words, if there is one."""
    plain = text.plain_words(gold)
    same = [key for key, option in options.items() if text.plain_words(option) == plain]
    return same[0] if len(same) == 1 else None
