"""Do two trees agree? Evaluation at fixed random points with 256 bits and a bound on the error, under the policy.

Nothing is rewritten symbolically. Where one side has decimals, the tolerance of the policy applies, else equality is
exact. "unknown" where no point decides, or where other names for the same things could make both equal.
"""

from __future__ import annotations

import functools
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal, ParamSpec, TypeVar

from sciinstruct.verification.evaluation import (
    UndefinedError,
    Value,
    evaluate,
    has_names,
    magnitude,
    mpc,
    names_in,
    point_value,
    separated,
)
from sciinstruct.verification.expression_parser import Node
from sciinstruct.verification.policy import Policy

__all__ = ["Agreement", "Point", "agreement", "aligned", "guarded", "has_i", "mapped", "other_quantities"]

TRIALS = 10
"Points that are tried until two decide."
WIDE = 1000
"Trials from here on are spread over six powers of ten, for comparisons with a tolerance."
INTEGRATION_CONSTANTS = frozenset(("C", "c", "K", "C_1", "c_1", "const"))

Agreement = Literal["equal", "different", "unknown"]

_UNIT_VECTOR = re.compile(r"e_|\\hat")
_LOCK = threading.RLock()  # the arithmetic keeps its precision in one place for the whole process

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def guarded(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """A function that evaluates: one thread at a time."""

    @functools.wraps(function)
    def locked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with _LOCK:
            return function(*args, **kwargs)

    return locked


def agreement(gold: Node, answer: Node, policy: Policy) -> tuple[Agreement, str]:
    """Are two trees equal, different or undecided, and why in words?"""
    if gold == answer:
        return "equal", "the same expression"
    gold, answer = aligned(gold, answer)
    with _LOCK:
        outcome = _exact(gold, answer)
        if outcome == "equal":
            return "equal", "equal at random points" if has_names(gold) else "the same number"
        tolerance = _tolerance(gold, answer, policy)
        if tolerance and set(names_in(gold)) == set(names_in(answer)) and _close_by_terms(gold, answer, tolerance):
            return "equal", f"equal within {tolerance:.2g}"
        if policy.absolute_error and _near(gold, answer, policy.absolute_error):
            return "equal", f"equal within {policy.absolute_error:g}"
        if _equal_up_to_constant(gold, answer):
            return "equal", "equal up to the constant of integration"
        if outcome == "different" and _may_be_meant(gold, answer):
            return "unknown", "equal only under another reading of names"
        if outcome == "different" and other_quantities(gold, answer):
            return "unknown", "different at random points, but each has names that the other does not have"
    if outcome == "different":
        return "different", "different values at a random point" if has_names(gold) else "different numbers"
    return "unknown", "no point at which both have a value decides"


class Point(dict[str, Any]):
    """The fixed random values of all variables at one trial."""

    def __init__(self, trial: int) -> None:
        super().__init__()
        self.trial = trial

    def __missing__(self, name: str) -> Any:
        if name == "h":  # Planck's constant or any other h: h = 2 pi hbar
            value = point_value("ħ", self.trial) * _TWO_PI
        elif name == "k_e":  # Coulomb's constant
            value = 1 / (2 * _TWO_PI * self["ε_0"])
        else:
            value = point_value(name, self.trial)
        if self.trial >= WIDE:
            value = value ** (12 * (self.trial % 3) - 12) if self.trial % 3 != 1 else value
        self[name] = value
        return value


_EXACT_TRIALS = (*range(TRIALS), *range(WIDE, WIDE + 4))
_TOLERANCE_TRIALS = (*range(4), *range(WIDE, WIDE + 6))
_TWO_PI = evaluate(("mul", ("num", 2, 0, 0), ("const", "pi")), {})[0]


def _values(gold: Node, answer: Node, trials: tuple[int, ...]) -> Iterator[tuple[Value, Value]]:
    """The values of both at each trial where both have one."""
    constant = not (has_names(gold) or has_names(answer))
    for trial in trials[:1] if constant else trials:
        point = Point(trial)
        try:
            yield evaluate(gold, point), evaluate(answer, point)
        except UndefinedError:
            continue


def _exact(gold: Node, answer: Node) -> Agreement:
    """Two agreeing points prove equality; a real point proves a difference, a complex one only where i is written."""
    constant = not (has_names(gold) or has_names(answer))
    complex_asked = has_i(gold) or has_i(answer)
    same = split = 0
    for one, other in _values(gold, answer, _EXACT_TRIALS):
        apart = separated(one, other)
        real = complex_asked or not (_is_complex(one[0]) or _is_complex(other[0]))
        if apart and real:
            return "different"
        split += bool(apart)
        same += apart is False
        if same == 2 and not split:
            return "equal"
    return "equal" if same and not split and (constant or same > 1) else "unknown"


def _close_by_terms(gold: Node, answer: Node, tolerance: float) -> bool:
    """Within the tolerance as wholes, and term by term where both are sums: a large term hides no small one."""
    if not _close(gold, answer, tolerance):
        return False
    if gold[0] != "add" or answer[0] != "add" or len(gold) != len(answer) or not has_names(gold):
        return True
    left = list(answer[1:])
    for term in gold[1:]:
        found = next((other for other in left if _close(term, other, tolerance)), None)
        if found is None:
            return False
        left.remove(found)
    return True


def _close(gold: Node, answer: Node, tolerance: float) -> bool:
    """Is the relative difference at most `tolerance` at every point, near one and far from it?"""
    seen = 0
    for (one, _), (other, _) in _values(gold, answer, _TOLERANCE_TRIALS):
        gap = abs(one - other)
        if magnitude(gap) > magnitude(one) or gap > abs(one) * tolerance * (1 + 1e-9):
            return False
        seen += 1
    return seen > 0


def _near(gold: Node, answer: Node, limit: float) -> bool:
    """Are these two constants no further apart than `limit`?"""
    if has_names(gold) or has_names(answer):
        return False
    return any(abs(one - other) <= limit * (1 + 1e-9) for (one, _), (other, _) in _values(gold, answer, (0,)))


def _tolerance(gold: Node, answer: Node, policy: Policy) -> float:
    """The relative error that the decimals of both sides allow; 0 where both are exact.

    Against decimals in the reference: the policy's relative error, or half a unit of the last digit (of two or more
    significant ones) up to its rounding error. Against an exact reference the answer needs three significant digits,
    and coefficients of a formula must be correct roundings.
    """
    in_gold, in_answer = list(_decimals(gold)), list(_decimals(answer))
    if in_gold:
        halves = [0.5 / mantissa for mantissa, digits in in_gold + in_answer if digits >= 2 and mantissa]
        rounding = min(policy.rounding_error, max(halves, default=0.0))
        return max(policy.relative_error, rounding)
    if not in_answer or any(digits < 3 for _, digits in in_answer) or _is_integer(gold):
        return 0.0
    if has_names(gold):  # 0.333x for x/3, but not x+1.004 for x+1
        return min(policy.relative_error, max(0.505 / mantissa for mantissa, _ in in_answer))
    return policy.relative_error


def _decimals(node: Node) -> Iterator[tuple[int, int]]:
    """Mantissa and significant digits of each decimal of a tree that stands in no exponent."""
    if node[0] == "num":
        if node[3]:
            yield node[1], node[3]
        return
    parts = node[2] if node[0] == "fn" else node[1:2] if node[0] == "pow" else node[1:]
    for part in parts:
        if isinstance(part, tuple):
            yield from _decimals(part)


def _is_integer(node: Node) -> bool:
    if has_names(node):
        return False
    try:
        value = evaluate(node, {})[0]
    except UndefinedError:
        return False
    return not isinstance(value, mpc) and magnitude(value) < 200 and value == int(value)


def _is_complex(value: Any) -> bool:
    return isinstance(value, mpc) and bool(value.imag)


def has_i(node: Node) -> bool:
    return node == ("const", "i") or any(
        has_i(part) for part in (node[2] if node[0] == "fn" else node[1:]) if isinstance(part, tuple)
    )


# -- readings ----------------------------------------------------------------------------------------------------------


def mapped(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """A copy of the tree in which `change` may have replaced nodes."""
    changed = change(node)
    if changed is not None:
        return changed
    if node[0] == "fn":
        return ("fn", node[1], tuple(mapped(part, change) for part in node[2]))
    return tuple(mapped(part, change) if isinstance(part, tuple) else part for part in node)


def aligned(gold: Node, answer: Node) -> tuple[Node, Node]:
    """One reading for both: k_B is k where the other side writes k, j is i where the other side writes i.

    A bare log is the decimal logarithm where the other side writes lg.
    """
    in_gold, in_answer = set(names_in(gold)), set(names_in(answer))
    if "k" in in_answer - in_gold and not in_answer & _BOLTZMANN:
        gold = mapped(gold, _boltzmann_is_k)
    elif "k" in in_gold - in_answer and not in_gold & _BOLTZMANN:
        answer = mapped(answer, _boltzmann_is_k)
    if bool(in_gold & _HATS) != bool(in_answer & _HATS):
        gold, answer = mapped(gold, _without_hat), mapped(answer, _without_hat)
    if has_i(gold) != has_i(answer):
        if "j" in in_gold - in_answer:
            gold = mapped(gold, _j_is_i)
        elif "j" in in_answer - in_gold:
            answer = mapped(answer, _j_is_i)
    if _has_function(gold, "lg") != _has_function(answer, "lg"):
        gold, answer = mapped(gold, _log_is_decimal), mapped(answer, _log_is_decimal)
    return gold, answer


_HATS = frozenset(("\\hat{i}", "\\hat{j}", "\\hat{k}"))


def _without_hat(node: Node) -> Node | None:
    """Unit vectors are written with and without a hat; i is then read as everywhere."""
    if node[0] != "var" or node[1] not in _HATS:
        return None
    return ("const", "i") if node[1] == "\\hat{i}" else ("var", node[1][5])


_BOLTZMANN = frozenset(("k_B", "k_b"))


def _boltzmann_is_k(node: Node) -> Node | None:
    return ("var", "k") if node[0] == "var" and node[1] in _BOLTZMANN else None


def _j_is_i(node: Node) -> Node | None:
    return ("const", "i") if node == ("var", "j") else None


def _log_is_decimal(node: Node) -> Node | None:
    return ("fn", "lg", node[2]) if node[:2] == ("fn", "log") else None


def _has_function(node: Node, name: str) -> bool:
    parts = node[2] if node[0] == "fn" else node[1:]
    return node[:2] == ("fn", name) or any(_has_function(part, name) for part in parts if isinstance(part, tuple))


def _equal_up_to_constant(gold: Node, answer: Node) -> bool:
    """Both have a "+ C" (one of them by that letter) and a variable: is their difference the same at all points?"""
    one, other = _without_constant(gold), _without_constant(answer)
    if one is None or other is None or not has_names(one):
        return False
    if not {"C", "C_1", "const"} & {*names_in(gold), *names_in(answer)}:
        return False
    difference = ("add", one, ("neg", other))
    try:
        first, second, third = (evaluate(difference, Point(trial)) for trial in range(3))
    except UndefinedError:
        return False
    return separated(first, second) is False and separated(second, third) is False


def _without_constant(node: Node) -> Node | None:
    """The sum without its constant of integration, None where it has none."""
    if node[0] != "add":
        return None
    for position, part in enumerate(node[1:], 1):
        if part[0] == "var" and part[1] in INTEGRATION_CONSTANTS and list(names_in(node)).count(part[1]) == 1:
            rest = node[1:position] + node[position + 1 :]
            return rest[0] if len(rest) == 1 else ("add", *rest)
    return None


def other_quantities(gold: Node, answer: Node) -> bool:
    """Has each side names that the other lacks (β against kT), or one side a unit vector more?"""
    only_gold = set(names_in(gold)) - set(names_in(answer))
    only_answer = set(names_in(answer)) - set(names_in(gold))
    if only_gold and only_answer:
        return True
    return bool(only_gold or only_answer) and all(_UNIT_VECTOR.match(name) for name in only_gold | only_answer)


def _may_be_meant(gold: Node, answer: Node) -> bool:
    """Would other names for one or two variables, or the decimal logarithm, or a missing "+ C", make both equal?"""
    in_gold, in_answer = set(names_in(gold)), set(names_in(answer))
    only_gold, only_answer = sorted(in_gold - in_answer), sorted(in_answer - in_gold)
    if 0 < len(only_gold) == len(only_answer) <= 2:
        for order in itertools.permutations(only_answer):
            renaming = dict(zip(order, only_gold, strict=True))
            if _exact(gold, mapped(answer, lambda node: _renamed(node, renaming))) == "equal":  # noqa: B023
                return True
    if _has_function(gold, "log") or _has_function(answer, "log"):
        decimal = mapped(gold, _log_is_decimal), mapped(answer, _log_is_decimal)
        return _exact(*decimal) == "equal"
    bare = _without_constant(gold)
    return bare is not None and _exact(bare, answer) == "equal"


def _renamed(node: Node, renaming: dict[str, str]) -> Node | None:
    return ("var", renaming[node[1]]) if node[0] == "var" and node[1] in renaming else None
