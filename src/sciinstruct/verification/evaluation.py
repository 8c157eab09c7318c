"""The value of an expression tree at a point, with a bound on its error, in bounded time and memory.

Every value is a pair: an mpmath number of 256 bits and the exponent of a power of two that bounds its error. The error
follows the operations (a product adds relative errors, a sum absolute ones, a function multiplies by its slope), so
that a difference of two values can be told from rounding: two values differ for sure when they are further apart than
both errors. That separates (x+y+z+w)^60 from the same plus one, and e^(pi sqrt 163) from its nearest integer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from mpmath import MPContext
from mpmath.libmp import NoConvergence

from sciinstruct.verification.expression_parser import Node

__all__ = ["UndefinedError", "Value", "evaluate", "has_names", "names_in", "point_value", "separated"]

PRECISION = 256
"Bits of every number: some 77 decimal digits."
SLACK = 24
"Bits by which the error bound is widened, for what single operations add and the bound leaves out."
EXACT = -(10**9)
"Error exponent of an exact value."
MAX_EXPONENT = 1 << 22
"Numbers above 2 to this power, or below its inverse, are not computed."
MAX_ANGLE = 4096
"Sine and cosine of more than 2 to this power would need more digits than the number has."

mp = MPContext()  # of our own: nobody else's precision is touched
mp.prec = PRECISION
mpf, mpc = mp.mpf, mp.mpc

Value = tuple[Any, int]


class UndefinedError(Exception):
    """The expression has no value at this point, or none that can be computed within bounds."""


def evaluate(node: Node, point: Mapping[str, Any]) -> Value:
    """The value of `node` where the variables have the values of `point`, and its error exponent.

    Raises `UndefinedError` for a division by zero, a number out of bounds or an unknown function.
    """
    try:
        return _OPERATIONS[node[0]](node, point)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError, NoConvergence) as error:
        raise UndefinedError(str(error)) from error


def separated(a: Value, b: Value) -> bool | None:
    """Are two values different for sure (True), equal up to their errors (False), or too uncertain (None)?"""
    gap = magnitude(a[0] - b[0])
    error = max(a[1], b[1], -MAX_EXPONENT)
    if gap > error + SLACK:
        return True
    size = max(magnitude(a[0]), magnitude(b[0]))
    return False if gap <= EXACT or error < size - 60 or error < -150 else None


def magnitude(value: Any) -> int:
    """The exponent of the smallest power of two above |value|; `EXACT` for zero."""
    if isinstance(value, mpc):
        return max(magnitude(value.real), magnitude(value.imag))
    _, mantissa, exponent, bits = value._mpf_
    if not mantissa:
        if exponent:
            raise UndefinedError("infinite")
        return EXACT
    return int(exponent + bits)


@lru_cache(maxsize=4096)
def point_value(name: str, trial: int) -> Any:
    """The value of a variable at one of the fixed random points: real, positive, near one."""
    source = random.Random(f"{name}#{trial}")
    return mpf(source.getrandbits(PRECISION) | 1) / mpf(2) ** PRECISION * mpf("1.1") + mpf("0.55")


def names_in(node: Node) -> Iterator[str]:
    """The names of the variables of a tree, each as often as it stands there."""
    if node[0] == "var":
        yield node[1]
        return
    for part in node[2] if node[0] == "fn" else node[1:]:
        if isinstance(part, tuple):
            yield from names_in(part)


def has_names(node: Node) -> bool:
    """Is there any variable in the tree?"""
    return any(True for _ in names_in(node))


# -- operations: (tree, point) -> value --------------------------------------------------------------------------------


def _rounded(value: Any, error: int) -> Value:
    """The value with at least the rounding error of its own size; raises where it is out of bounds."""
    size = magnitude(value)
    if size > MAX_EXPONENT or EXACT < size < -MAX_EXPONENT:
        raise UndefinedError("a number out of bounds")
    return value, max(error, size - PRECISION)


def _number(node: Node, point: Mapping[str, Any]) -> Value:
    value = mpf(node[1])
    if node[2]:
        if abs(node[2]) > MAX_EXPONENT // 4:
            raise UndefinedError("a number out of bounds")
        return _rounded(value * mpf(10) ** node[2], EXACT)
    return value, EXACT


def _variable(node: Node, point: Mapping[str, Any]) -> Value:
    if node[1] == "∞":
        raise UndefinedError("infinity")
    value = point[node[1]]
    return value, EXACT


_CONSTANT = {"pi": (+mp.pi, 2 - PRECISION), "e": (+mp.e, 2 - PRECISION), "i": (mpc(0, 1), EXACT)}


def _constant(node: Node, point: Mapping[str, Any]) -> Value:
    return _CONSTANT[node[1]]


def _negative(node: Node, point: Mapping[str, Any]) -> Value:
    value, error = evaluate(node[1], point)
    return -value, error


def _sum(node: Node, point: Mapping[str, Any]) -> Value:
    total, error = evaluate(node[1], point)
    for part in node[2:]:
        value, its_error = evaluate(part, point)
        total = total + value
        error = max(error, its_error, magnitude(total) - PRECISION, magnitude(value) - PRECISION)
    return _rounded(total, error)


def _product(node: Node, point: Mapping[str, Any]) -> Value:
    product, error = evaluate(node[1], point)
    for part in node[2:]:
        value, its_error = evaluate(part, point)
        error = max(error + magnitude(value), its_error + magnitude(product))
        product, error = _rounded(product * value, max(error, EXACT))
    return product, error


def _quotient(node: Node, point: Mapping[str, Any]) -> Value:
    above, above_error = evaluate(node[1], point)
    below, below_error = evaluate(node[2], point)
    size = magnitude(below)
    if size <= below_error + SLACK:
        raise UndefinedError("division by zero")
    result = above / below
    error = max(above_error - size, magnitude(result) + below_error - size)
    return _rounded(result, error + 1)


def _power(node: Node, point: Mapping[str, Any]) -> Value:
    exponent, exponent_error = evaluate(node[2], point)
    if node[1] == ("const", "e"):
        return _exponential(exponent, exponent_error)
    base, base_error = evaluate(node[1], point)
    base_size, exponent_size = magnitude(base), magnitude(exponent)
    if base_size <= base_error + SLACK:
        if isinstance(exponent, mpf) and exponent > 0:
            return mpf(0), int(base_error * min(float(exponent), 8.0)) if base_error > EXACT else EXACT
        raise UndefinedError("a power of zero")
    if exponent_size > 40 or abs(base_size - 1) * 2.0**exponent_size > 2 * MAX_EXPONENT:
        raise UndefinedError("a number out of bounds")
    if exponent_error <= EXACT and isinstance(exponent, mpf) and exponent == int(exponent):
        result = base ** int(exponent)
    else:
        result = mp.power(base, exponent)
    relative = max(base_error - base_size + exponent_size, exponent_error + abs(base_size).bit_length() + 1)
    return _rounded(result, magnitude(result) + relative + 1)


def _exponential(exponent: Any, error: int) -> Value:
    if magnitude(exponent) > MAX_EXPONENT.bit_length() - 1:
        raise UndefinedError("a number out of bounds")
    result = mp.exp(exponent)
    return _rounded(result, magnitude(result) + max(error, magnitude(exponent) - PRECISION) + 1)


def _function(node: Node, point: Mapping[str, Any]) -> Value:
    name = node[1]
    arguments = [evaluate(part, point) for part in node[2]]
    if name == "exp":
        return _exponential(*arguments[0])
    if name not in _FUNCTIONS:
        raise UndefinedError(f"the function {name}")
    function, slope, largest = _FUNCTIONS[name]
    values = [value for value, _ in arguments]
    if any(magnitude(value) > largest for value in values):
        raise UndefinedError(f"{name} of a large number")
    result = function(*values)
    error = EXACT
    for value, its_error in arguments:
        if its_error > EXACT:
            error = max(error, its_error + slope(value, result))
    return _rounded(mp.convert(result), error)


# -- functions: the function, the size of its slope as a power of two, the largest argument as a power of two ---------

Slope = Callable[[Any, Any], int]


def _flat(value: Any, result: Any) -> int:
    return 1 + max(0, magnitude(result)) if isinstance(value, mpc) else 1


def _slope_of_log(value: Any, result: Any) -> int:
    return 1 - magnitude(value)


def _slope_of_pole(value: Any, result: Any) -> int:
    """tan, cot, sec, csc and their hyperbolic sisters: the slope is at most about 1 + result squared."""
    return 2 + 2 * max(0, magnitude(result))


def _slope_of_hyperbola(value: Any, result: Any) -> int:
    return 1 + max(0, magnitude(result))


def _slope_of_arc(value: Any, result: Any) -> int:
    """arcsin, arccos and their hyperbolic sisters: 1 / sqrt(|1 -+ x^2|)."""
    nearest = min(magnitude(1 - value * value), magnitude(1 + value * value))
    return 2 - nearest // 2 if nearest > EXACT else PRECISION


def _slope_of_gamma(value: Any, result: Any) -> int:
    return max(0, magnitude(result)) + 6


def _logarithm(value: Any) -> Any:
    if not value:
        raise UndefinedError("logarithm of zero")
    return mp.log(value)


def _sign(value: Any) -> Any:
    return mp.sign(value)


_Row = tuple[Callable[..., Any], Slope, int]
_FUNCTIONS: dict[str, _Row] = {
    "sin": (mp.sin, _flat, MAX_ANGLE),
    "cos": (mp.cos, _flat, MAX_ANGLE),
    "tan": (mp.tan, _slope_of_pole, MAX_ANGLE),
    "cot": (mp.cot, _slope_of_pole, MAX_ANGLE),
    "sec": (mp.sec, _slope_of_pole, MAX_ANGLE),
    "csc": (mp.csc, _slope_of_pole, MAX_ANGLE),
    "sinh": (mp.sinh, _slope_of_hyperbola, 20),
    "cosh": (mp.cosh, _slope_of_hyperbola, 20),
    "tanh": (mp.tanh, _slope_of_pole, 20),
    "coth": (mp.coth, _slope_of_pole, 20),
    "sech": (mp.sech, _slope_of_pole, 20),
    "csch": (mp.csch, _slope_of_pole, 20),
    "arcsin": (mp.asin, _slope_of_arc, 64),
    "arccos": (mp.acos, _slope_of_arc, 64),
    "arctan": (mp.atan, _slope_of_arc, MAX_ANGLE),
    "arccot": (lambda value: mp.pi / 2 - mp.atan(value), _slope_of_arc, MAX_ANGLE),
    "arcsinh": (mp.asinh, _slope_of_arc, 64),
    "arccosh": (mp.acosh, _slope_of_arc, 64),
    "arctanh": (mp.atanh, _slope_of_pole, 64),
    "ln": (_logarithm, _slope_of_log, MAX_EXPONENT),
    "log": (_logarithm, _slope_of_log, MAX_EXPONENT),
    "lg": (lambda value: _logarithm(value) / mp.log(10), _slope_of_log, MAX_EXPONENT),
    "abs": (abs, _flat, MAX_EXPONENT),
    "sign": (_sign, _flat, MAX_EXPONENT),
    "floor": (mp.floor, _flat, PRECISION),
    "ceil": (mp.ceil, _flat, PRECISION),
    "erf": (mp.erf, _flat, 8),
    "erfc": (mp.erfc, _flat, 8),
    "factorial": (mp.factorial, _slope_of_gamma, 17),
    "binomial": (mp.binomial, _slope_of_gamma, 17),
    "sqrt": (mp.sqrt, _slope_of_log, MAX_EXPONENT),
}

_OPERATIONS: dict[str, Callable[[Node, Mapping[str, Any]], Value]] = {
    "num": _number,
    "var": _variable,
    "const": _constant,
    "neg": _negative,
    "add": _sum,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "fn": _function,
}
