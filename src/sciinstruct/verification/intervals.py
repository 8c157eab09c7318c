r"""Intervals and inequalities: (-\infty,1]\cup[10,+\infty), x \le 1 or x \ge 10, 2 < x < 5, {x | x > 2}.

Both are read as one region of the line: a union of intervals, whose ends are expressions. An inequality that no single
variable stands alone in (x^2 + y^2 < 1) is compared as a whole, up to a positive factor.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Literal

from sciinstruct.records import Verdict
from sciinstruct.verification.agreement import Point, agreement, guarded, mapped
from sciinstruct.verification.evaluation import UndefinedError, evaluate, mpc, names_in, separated
from sciinstruct.verification.expression import is_label, read_value, trimmed
from sciinstruct.verification.expression_parser import Node, read_name
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Interval", "Region", "compare", "parse"]

LIMIT = 400
MAX_PARTS = 6

End = Node | Literal["-oo", "+oo"]


@dataclass(frozen=True, slots=True)
class Interval:
    """One interval; an end that is not closed is open."""

    low: End
    high: End
    low_closed: bool
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A union of intervals, or for an inequality in several variables the `difference` that is greater than zero.

    `variable` is what the region bounds, where it is named; `rule` is "interval" or "inequality", as it is written.
    """

    rule: str
    parts: tuple[Interval, ...]
    variable: str | None = None
    difference: Node | None = None
    strict: bool = True


_INFINITY = re.compile(r"([+-]?) ?(?:\\infty|∞|oo|inf(?:inity)?|无穷大?)$")
_UNION = re.compile(r"\\cup(?![a-z])|∪|\\bigcup|\\union")
_SETTER = re.compile(
    r"^(?:\\?\{ ?)?([A-Za-zα-ωΑ-Ω\\]+(?:_\{?\w+\}?)?) ?(?:\\in(?![a-z])|∈|\||:|：|\\mid|=|的取值范围(?:是|为)) ?"
    r"(?=[\[(\\{A-Za-z0-9-])"
)
_ORDER = re.compile(
    r"(\\le(?:q|qslant)?(?![a-zA-Z])|\\ge(?:q|qslant)?(?![a-zA-Z])|\\lt(?![a-z])|\\gt(?![a-z])|\\ne(?![a-z])|<=|>=|≤|≥|≠|<|>)"
)
_SIGN = {"\\lt": "<", "\\gt": ">", "<=": "≤", ">=": "≥", "\\le": "≤", "\\ge": "≥", "\\leq": "≤", "\\geq": "≥"}
_SIGN |= {"\\ne": "≠", "\\leqslant": "≤", "\\geqslant": "≥"}
_OR = re.compile(r"\bor\b|或者?|\\lor(?![a-z])|∨|\\vee(?![a-z])")
_AND = re.compile(r"\band\b|且|并且|和|\\land(?![a-z])|∧|\\wedge(?![a-z])|[,，;；]")
_FLIPPED = {"<": ">", ">": "<", "≤": "≥", "≥": "≤", "≠": "≠"}


def parse(text: str) -> Region | None:
    """The interval, union or inequality that `text` consists of; None for a pair (2,3) and everything else."""
    cleaned = _plain(text)
    if not cleaned or len(cleaned) > LIMIT:
        return None
    region = read_interval(cleaned)
    if region is not None:
        surely = region.variable is not None or bool(_UNION.search(cleaned)) or _is_surely_interval(region.parts[0])
        return region if surely else None
    return _read_inequality(cleaned)


def compare(gold: Region, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Is `answer` the same region, as interval or inequality (rule: how the reference is written)?"""
    cleaned = _plain(answer)
    region = (read_interval(cleaned) or _read_inequality(cleaned)) if 0 < len(cleaned) <= LIMIT else None
    if region is None:
        return unknown(gold.rule, f"cannot read {shorten(answer)!r} as an interval or inequality")
    if gold.difference is not None or region.difference is not None:
        return _compare_differences(gold, region)
    if gold.variable and region.variable and not _same_name(gold.variable, region.variable):
        if _as_difference(gold) and _as_difference(region):  # a > b against b < a
            return _compare_differences(gold, region)
        return unknown(gold.rule, f"bounds {region.variable} instead of {gold.variable}")
    if len(gold.parts) != len(region.parts):
        return wrong(gold.rule, f"{len(region.parts)} interval(s) instead of {len(gold.parts)}")
    return _matched(gold, region, policy)


def read_interval(cleaned: str) -> Region | None:
    """Intervals in brackets, with union signs between them; a pair (2,3) is read as an open interval."""
    variable = None
    if match := _SETTER.match(cleaned):
        variable, cleaned = match.group(1), cleaned[match.end() :].strip()
        if match.group().lstrip("\\").startswith("{") or ":" in match.group():
            return None
    pieces = _UNION.split(cleaned)
    if len(pieces) == 1 and (len(separate := _OR.split(cleaned)) > 1 or len(separate := cleaned.split("和")) > 1):
        pieces = separate
    parts = [_read_one(piece.strip()) for piece in pieces[: MAX_PARTS + 1]]
    read = tuple(part for part in parts if part is not None)
    if not read or len(read) < len(parts) or len(read) > MAX_PARTS:
        return None
    return Region("interval", _joined(read), variable)


def _plain(text: str) -> str:
    return _NAMED_SO.sub("", trimmed(clean(text))).replace("\\infin ", "\\infty ")


_NAMED_SO = re.compile(r"^(?:(?:on )?the interval |区间 ?)(?=[\[(])", re.IGNORECASE)


def _read_one(text: str) -> Interval | None:
    if len(text) < 5 or text[0] not in "[(" or text[-1] not in ")]":
        return None
    ends = split_top(text[1:-1], ",，;")
    if len(ends) != 2:
        return None
    low, high = (_read_end(end) for end in ends)
    if low is None or high is None or low == "+oo" or high == "-oo":
        return None
    return Interval(low, high, text[0] == "[" and low != "-oo", text[-1] == "]" and high != "+oo")


def _read_end(text: str) -> End | None:
    if match := _INFINITY.match(text.strip()):
        return "-oo" if match.group(1) == "-" else "+oo"
    return read_value(text.strip())


def split_top(text: str, separators: str) -> list[str]:
    """The pieces of a text between separators that stand outside of all brackets."""
    pieces, level, start = [], 0, 0
    for at, character in enumerate(text):
        level += (character in "([{") - (character in ")]}")
        if level == 0 and character in separators:
            pieces.append(text[start:at].strip())
            start = at + 1
    return [*pieces, text[start:].strip()]


def _is_surely_interval(interval: Interval) -> bool:
    """Mixed or square brackets with rising ends, or an infinite end: no point and no list of two."""
    if "-oo" in (interval.low, interval.high) or "+oo" in (interval.low, interval.high):
        return True
    if interval.low_closed != interval.high_closed:
        return True
    return interval.low_closed and _rises(interval)


@guarded
def _rises(interval: Interval) -> bool:
    try:
        low, high = evaluate(interval.low, {})[0], evaluate(interval.high, {})[0]  # type: ignore[arg-type]
    except (UndefinedError, KeyError):
        return True  # ends with variables
    return not isinstance(low, mpc) and not isinstance(high, mpc) and bool(low < high)


# -- regions -----------------------------------------------------------------------------------------------------------


def _joined(parts: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Neighbours that meet in an end that one of them includes become one: (1,2) and [2,3) are (1,3)."""
    joined = list(parts)
    for one, other in itertools.permutations(parts, 2):
        meets = one.high == other.low and (one.high_closed or other.low_closed)
        if meets and one in joined and other in joined and one.high not in ("+oo", "-oo"):
            joined.remove(other)
            joined[joined.index(one)] = Interval(one.low, other.high, one.low_closed, other.high_closed)
            return _joined(tuple(joined))
    return tuple(joined)


def _matched(gold: Region, region: Region, policy: Policy) -> Verdict:
    """Each interval of the reference against one of the answer's, in any order."""
    left = list(region.parts)
    doubt = ""
    for interval in gold.parts:
        outcomes = [(_same_interval(interval, candidate, policy), candidate) for candidate in left]
        fitting = [candidate for (outcome, _), candidate in outcomes if outcome == "equal"]
        if fitting:
            left.remove(fitting[0])
            continue
        undecided = [why for (outcome, why), _ in outcomes if outcome == "unknown"]
        if undecided and not doubt:
            doubt = undecided[0]
        elif not undecided:
            return wrong(
                gold.rule, outcomes[0][0][1] if len(outcomes) == 1 else "an interval is not among the reference's"
            )
    return unknown(gold.rule, doubt) if doubt else right(gold.rule, "the same interval" + "s" * (len(gold.parts) > 1))


def _same_interval(one: Interval, other: Interval, policy: Policy) -> tuple[str, str]:
    outcomes = []
    for name, end, its_end in (("lower", one.low, other.low), ("upper", one.high, other.high)):
        if isinstance(end, str) or isinstance(its_end, str):
            if end != its_end:
                return "different", f"another {name} end"
            continue
        outcome, why = agreement(end, its_end, policy)
        if outcome == "different":
            return "different", f"another {name} end: {why}"
        outcomes.append((outcome, why))
    if (one.low_closed, one.high_closed) != (other.low_closed, other.high_closed):
        return "different", "an end is open in one and closed in the other"
    return next(((outcome, why) for outcome, why in outcomes if outcome == "unknown"), ("equal", "the same interval"))


# -- inequalities ------------------------------------------------------------------------------------------------------


def _read_inequality(cleaned: str) -> Region | None:
    text = cleaned
    if match := _SETTER.match(text):
        if not text.endswith("}") or not match.group().lstrip("\\").startswith("{"):
            return None
        text = text[match.end() : -1].rstrip(" \\")
    if not _ORDER.search(text):
        return None
    parts: list[Interval] = []
    variable = None
    for alternative in _OR.split(text):
        region = _conjunction(alternative.strip())
        if region is None or (region.difference is not None and (parts or _OR.search(text))):
            return None
        if region.difference is not None:
            return region
        if variable is not None and region.variable != variable:
            return None
        variable = region.variable
        parts += region.parts
    return Region("inequality", _joined(tuple(parts)), variable) if 0 < len(parts) <= MAX_PARTS else None


def _conjunction(text: str) -> Region | None:
    """x > 2 and x < 5 as one interval."""
    regions = [_chain(piece.strip()) for piece in _AND.split(text)]
    read = [region for region in regions if region is not None]
    if len(read) < len(regions) or len(read) > 2:
        return None
    if len(read) == 1:
        return read[0]
    one, other = (region.parts[0] if region.parts else None for region in read)
    if one is None or other is None or read[0].variable != read[1].variable:
        return None
    if one.high != "+oo":
        one, other = other, one
    if one.high != "+oo" or other.low != "-oo":
        return None
    return Region("inequality", (Interval(one.low, other.high, one.low_closed, other.high_closed),), read[0].variable)


def _chain(text: str) -> Region | None:
    """a < x <= b, x > a, or any left < right."""
    pieces = _ORDER.split(text)
    sides, signs = [piece.strip() for piece in pieces[::2]], [_SIGN.get(sign, sign) for sign in pieces[1::2]]
    if len(sides) == 2:
        return _single(sides[0], signs[0], sides[1])
    if (
        len(sides) != 3
        or "≠" in signs
        or not is_label(sides[1])
        or {signs[0] in "<≤", signs[1] in "<≤"} != {signs[0] in "<≤"}
    ):
        return None
    if signs[0] in ">≥":
        sides, signs = sides[::-1], [_FLIPPED[sign] for sign in signs[::-1]]
    low, high = _read_end(sides[0]), _read_end(sides[2])
    if low is None or high is None:
        return None
    return Region("inequality", (Interval(low, high, signs[0] == "≤", signs[1] == "≤"),), sides[1])


def _single(left: str, sign: str, right_side: str) -> Region | None:
    if not is_label(left) and is_label(right_side):
        left, sign, right_side = right_side, _FLIPPED[sign], left
    end = _read_end(right_side)
    if end is None:
        return None
    if sign == "≠":
        return _all_but(left, end)
    if left.startswith("|") and left.endswith("|") and left.count("|") == 2 and not isinstance(end, str):
        return _around(left[1:-1].strip(), sign, end)
    if is_label(left) and (isinstance(end, str) or (read_name(left) or left) not in names_in(end)):
        closed = sign in "≤≥" and not isinstance(end, str)
        interval = Interval(end, "+oo", closed, False) if sign in ">≥" else Interval("-oo", end, False, closed)
        return Region("inequality", (interval,), left)
    other = read_value(left)
    if other is None or isinstance(end, str):
        return None
    larger, smaller = (other, end) if sign in ">≥" else (end, other)
    return Region("inequality", (), None, ("add", larger, ("neg", smaller)), sign in "<>")


def _all_but(name: str, end: End) -> Region | None:
    """x ≠ a is all of the line but a."""
    if not is_label(name) or isinstance(end, str):
        return None
    return Region("inequality", (Interval("-oo", end, False, False), Interval(end, "+oo", False, False)), name)


def _around(inside: str, sign: str, radius: Node) -> Region | None:
    """|x - a| < r, and > r, as intervals."""
    tree = read_value(inside)
    names = list(names_in(tree)) if tree is not None else []
    if tree is None or len(names) != 1 or names[0] in names_in(radius):
        return None
    at_zero = mapped(tree, lambda node: ("num", 0, 0, 0) if node == ("var", names[0]) else None)
    if agreement(("add", tree, ("neg", at_zero)), ("var", names[0]), DEFAULT)[0] != "equal":
        return None  # not x plus or minus a constant
    low, high = ("add", ("neg", radius), ("neg", at_zero)), ("add", radius, ("neg", at_zero))
    closed = sign in "≤≥"
    if sign in "<≤":
        return Region("inequality", (Interval(low, high, closed, closed),), names[0])
    return Region("inequality", (Interval("-oo", low, False, closed), Interval(high, "+oo", closed, False)), names[0])


def _as_difference(region: Region) -> tuple[Node, bool] | None:
    """The expression that the region says to be positive, and whether zero is left out."""
    if region.difference is not None:
        return region.difference, region.strict
    if len(region.parts) != 1 or region.variable is None or (name := read_name(region.variable)) is None:
        return None
    part, variable = region.parts[0], ("var", name)
    if part.high == "+oo" and not isinstance(part.low, str):
        return ("add", variable, ("neg", part.low)), not part.low_closed
    if part.low == "-oo" and not isinstance(part.high, str):
        return ("add", part.high, ("neg", variable)), not part.high_closed
    return None


@guarded
def _compare_differences(gold: Region, region: Region) -> Verdict:
    """Two inequalities in several variables: the same up to a positive factor?"""
    one, other = _as_difference(gold), _as_difference(region)
    if one is None or other is None:
        return unknown(gold.rule, "an inequality of another form")
    values = []
    for trial in range(6):
        try:
            values.append(evaluate(("div", one[0], other[0]), Point(trial)))
        except UndefinedError:
            continue
    if len(values) < 3 or any(separated(values[0], value) is not False for value in values[1:]):
        same_names = set(names_in(one[0])) == set(names_in(other[0]))
        return unknown(
            gold.rule, f"inequalities that are no multiples of each other{'' if same_names else ', other names'}"
        )
    if isinstance(values[0][0], mpc) or values[0][0] < 0:
        return wrong(gold.rule, "the inequality points the other way")
    if one[1] != other[1]:
        return wrong(gold.rule, "one includes equality, the other does not")
    return right(gold.rule, "the same inequality, rearranged")


def _same_name(one: str, other: str) -> bool:
    return read_name(one) == read_name(other) or read_name(one) is None or read_name(other) is None
