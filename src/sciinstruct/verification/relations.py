r"""Equations and proportionalities: y = 2x+1 and y-1 = 2x, x^2/4 + y^2/4 = 1 and x^2+y^2 = 4, I \propto 1/r^2.

An equation that defines a name (y = ..., E_n = ...) is compared by its value, so that the name may be left out. Any
other is the set of its solutions: equal up to a factor, or every solution found of the one solves the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from sciinstruct.records import Verdict
from sciinstruct.verification.agreement import Agreement, Point, agreement, aligned, guarded, other_quantities
from sciinstruct.verification.evaluation import (
    EXACT,
    UndefinedError,
    evaluate,
    has_names,
    magnitude,
    mpc,
    mpf,
    names_in,
    separated,
)
from sciinstruct.verification.expression import (
    VALUE_OF,
    is_label,
    members,
    read_value,
    remarks_differ,
    split_remark,
    trimmed,
    without_approximation,
)
from sciinstruct.verification.expression_parser import Node, read_name
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Equation", "compare", "parse"]

LIMIT = 1_500

_PROPORTIONAL = re.compile(r"\\propto|∝")
_BASE = re.compile(r"\\[a-z]+\{?|[_'(^\[].*$|[{}\s]")
_PLACE = re.compile(r"(?<=\()[0-9,]+(?=\))")


@dataclass(frozen=True, slots=True)
class Equation:
    """`name` is the left side where it is a name or words that the equation defines, else None.

    `sides` are the trees of all sides that are not such a name; `proportional` marks ∝ in place of =.
    """

    text: str
    name: str | None
    sides: tuple[Node, ...]
    proportional: bool = False
    remark: str = ""


def parse(text: str) -> Equation | None:
    """The equation that `text` consists of; None for expressions, inequalities, lists and whatever cannot be read."""
    equation = _read(trimmed(clean(text)))
    return equation and replace(equation, remark=split_remark(clean(text))[1])


def _read(cleaned: str) -> Equation | None:
    if not cleaned or len(cleaned) > LIMIT:
        return None
    proportional = bool(_PROPORTIONAL.search(cleaned))
    parts = [part.strip() for part in _PROPORTIONAL.split(cleaned)] if proportional else members(cleaned)
    if len(parts) < 2 or len(parts) > 6:
        return None
    if len(parts) == 2 and read_name(parts[1]) and not is_label(parts[0]):
        parts.reverse()  # 2x+1 = y
    name = parts[0] if is_label(parts[0]) else None
    values = parts[1:] if name is not None else parts
    sides = [read_value(part) for part in values]
    readable = tuple(side for side in sides if side is not None)
    if len(readable) < len(sides):
        return None
    if name is not None and len(readable) == 1 and _variable(name) in set(names_in(readable[0])):
        left = read_value(parts[0])  # x = 2x - 1 defines nothing
        return Equation(cleaned, None, (left, readable[0]), proportional) if left is not None else None
    return Equation(cleaned, name, readable, proportional)


def compare(gold: Equation, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Is `answer` the same equation, or the value that the reference defines (rule "equation")?"""
    verdict = _compare(gold, answer, policy)
    if verdict.value == "right" and remarks_differ(gold.remark, answer):
        return unknown("equation", "equal, but under other conditions")
    return verdict


def _compare(gold: Equation, answer: str, policy: Policy) -> Verdict:
    cleaned = without_approximation(trimmed(clean(answer)))
    equation = _read(cleaned)
    if equation is None:
        value = read_value(_PROPORTIONAL.sub("", cleaned).strip())
        if value is None or not _has_value(gold):
            return unknown("equation", f"cannot read {shorten(answer)!r} as the same kind of equation")
        return _verdict(_against_definition(gold, value, policy))
    if gold.proportional or equation.proportional:
        return _proportional(gold, equation)
    if gold.name is not None and equation.name is not None:
        return _definitions(gold, equation, policy)
    if equation.name is not None and read_name(equation.name) is None and _has_value(gold):
        return _verdict(_against_definition(gold, equation.sides[-1], policy))
    outcome = _same_solutions(_as_zero(gold), _as_zero(equation))
    if outcome[0] != "equal" and equation.name is not None and gold.name is None and len(gold.sides) > 2:
        return _verdict(agreement(gold.sides[-1], equation.sides[-1], policy))
    return _verdict(outcome)


def _verdict(outcome: tuple[Agreement, str]) -> Verdict:
    return Verdict(VALUE_OF[outcome[0]], "equation", outcome[1])


# -- definitions: name = value -----------------------------------------------------------------------------------------


def _definitions(gold: Equation, answer: Equation, policy: Policy) -> Verdict:
    """Both define a name: equal values are right under names that may mean the same."""
    assert gold.name is not None and answer.name is not None
    outcome = _against_definition(gold, answer.sides[-1], policy)
    one, other = _variable(gold.name), _variable(answer.name)
    if one != other and (_mentions(answer, one) or _mentions(gold, other)):
        return _verdict(_same_solutions(_as_zero(gold), _as_zero(answer)))
    if outcome[0] == "equal" and not _may_be_one_name(gold.name, answer.name):
        return unknown("equation", f"the same value, but for {answer.name} instead of {gold.name}")
    return _verdict(outcome)


def _against_definition(gold: Equation, value: Node, policy: Policy) -> tuple[Agreement, str]:
    """Compares a value with the last side of the definition, then with the others (all are said to be equal)."""
    last = agreement(gold.sides[-1], value, policy)
    if last[0] == "equal" or len(gold.sides) == 1:
        return last
    others = [agreement(side, value, policy) for side in gold.sides[:-1]]
    return next((outcome for outcome in others if outcome[0] == "equal"), last)


def _has_value(gold: Equation) -> bool:
    """Does the equation say what something is: a name, a ratio of two names, a power of one (not x^2 = 4)?"""
    first = gold.sides[0]
    if gold.name is not None or (first[0] == "div" and first[1][0] == first[2][0] == "var"):
        return True
    return first[0] == "pow" and first[1][0] == "var" and has_names(gold.sides[-1])


def _variable(name: str) -> str:
    return read_name(name) or name


def _mentions(equation: Equation, name: str) -> bool:
    return any(name in names_in(side) for side in equation.sides)


def _may_be_one_name(one: str, other: str) -> bool:
    """Names that differ in accent, arguments, case or in that one has an index may mean one thing, and so may words."""
    if read_name(one) is None or read_name(other) is None:
        return "\\" not in one + other or one.casefold() == other.casefold()
    names = [_variable(name).replace("Δ", "").casefold() for name in (one, other)]
    bases = [_BASE.sub("", name) for name in names]
    if bases[0] != bases[1] and all(bases):
        return False
    first, second = (_variable(name).partition("_")[2] or "".join(_PLACE.findall(name)) for name in (one, other))
    return not (first and second) or first.isdigit() != second.isdigit() or _abbreviates(first, second)


def _abbreviates(one: str, other: str) -> bool:
    """max for m, final for f; but C_p is not C_v, and x_1 not x_2."""
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    return long.startswith(short) and (short == long or not short.isdigit())


# -- solutions ---------------------------------------------------------------------------------------------------------


def _as_zero(equation: Equation) -> Node:
    """First side minus last side; a defined name is a variable, words are a variable of their own."""
    sides = equation.sides
    left = sides[0]
    if equation.name is not None:
        left = ("var", _variable(equation.name))
    return ("add", left, ("neg", sides[-1]))


@guarded
def _same_solutions(one: Node, other: Node) -> tuple[Agreement, str]:
    one, other = aligned(one, other)
    if _is_identity(one) or _is_identity(other):
        return "unknown", "true at every point, which says nothing"
    ratio = _constant_ratio(one, other)
    if ratio is not None:
        return "equal", "the same equation, rearranged"
    common = sorted(set(names_in(one)) & set(names_in(other)))
    every = set(names_in(one)) | set(names_in(other))
    if set(names_in(one)) != set(names_in(other)):
        return ("unknown" if other_quantities(one, other) else "different"), "equations between other quantities"
    if len(every) < 2:
        return "unknown", "equations in one unknown that are not multiples of each other"
    forth, back = _solves(one, other, common), _solves(other, one, common)
    if forth is False or back is False:
        return "different", "a solution of the one does not solve the other"
    if forth and back:
        return "equal", "the same solutions at random points"
    return "unknown", "no solution found to compare"


def _is_identity(difference: Node) -> bool:
    """Is the difference of both sides zero wherever it is looked at?"""
    seen = 0
    for trial in range(4):
        try:
            if separated(evaluate(difference, Point(trial)), (mpf(0), EXACT)):
                return False
            seen += 1
        except UndefinedError:
            continue
    return seen > 0


def _constant_ratio(one: Node, other: Node) -> Any:
    """The factor between two expressions where it is the same at three points, else None."""
    ratios = []
    for trial in range(6):
        try:
            ratios.append(evaluate(("div", one, other), Point(trial)))
        except UndefinedError:
            continue
        if len(ratios) > 1 and separated(ratios[-2], ratios[-1]) is not False:
            return None
        if len(ratios) == 3:
            return ratios[0][0] or None
    return None


_STARTS = (mpc("0.4", "0.7"), mpc("-1.1", "0.3"))
"Complex, so that the secant method reaches real and complex solutions."


def _solves(one: Node, other: Node, names: list[str]) -> bool | None:
    """Do the solutions of `one` for some variable solve `other`? None where none was found."""
    found = 0
    for name in names[:3]:
        for trial in range(2):
            for start in _STARTS:
                point = Point(trial)
                root = _root(one, point, name, start)
                if root is None:
                    continue
                point[name] = root
                try:
                    zero = _vanishes(other, point)
                except UndefinedError:
                    continue
                if not zero:
                    return False
                found += 1
    return True if found >= 2 else None


def _vanishes(difference: Node, point: Point) -> bool:
    """Are both sides of a difference equal at a point known to some 60 digits?"""
    left, right_side = evaluate(difference[1], point)[0], evaluate(difference[2], point)[0]
    size = max(magnitude(left), magnitude(right_side))
    return magnitude(left + right_side) < size - 90


def _root(difference: Node, point: Point, name: str, start: Any) -> Any:
    """A zero of the difference in one variable by the secant method, None where it does not converge."""
    before, now = start, start * mpf("1.07")
    try:
        point[name] = before
        value_before = evaluate(difference, point)[0]
        for _ in range(30):
            point[name] = now
            value = evaluate(difference, point)[0]
            slope = value - value_before
            if not value or not slope:
                break
            step = value * (now - before) / slope
            before, now, value_before = now, now - step, value
            if magnitude(step) < magnitude(now) - 150:
                break
        point[name] = now
        return now if _vanishes(difference, point) else None
    except (UndefinedError, ZeroDivisionError):
        return None


@guarded
def _proportional(gold: Equation, answer: Equation) -> Verdict:
    """Values that differ by a constant factor are proportional to the same thing."""
    if not gold.proportional or not _may_be_one_name(gold.name or "", answer.name or ""):
        return unknown("equation", "says what is proportional to what of other quantities")
    one, other = aligned(gold.sides[-1], answer.sides[-1])
    if _constant_ratio(one, other) is not None:
        return right("equation", "proportional to the same expression")
    if set(names_in(other)) <= set(names_in(one)):
        return wrong("equation", "proportional to another expression")
    return unknown("equation", "proportional to an expression of other quantities")
