r"""Sets, lists, tuples, labelled values and ratios, whose elements are compared as expressions or quantities.

Braces, "or", ±, and a bare list of values make a set (any order); round or angle brackets a tuple; x = 2, y = 3
labelled values (any order, label by label); 2:3 a ratio (proportional terms).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sciinstruct.records import Verdict
from sciinstruct.verification import intervals, quantity
from sciinstruct.verification.agreement import Agreement, agreement, mapped
from sciinstruct.verification.evaluation import names_in
from sciinstruct.verification.expression import is_label, members, read_value, trimmed
from sciinstruct.verification.expression_parser import Node, read_name
from sciinstruct.verification.intervals import split_top
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Collection", "Ratio", "compare", "compare_ratio", "parse", "parse_ratio"]

LIMIT = 1_000
MAX_ITEMS = 24

_SEPARATORS = ",，;；、"
_WORDS = re.compile(r"\b(?:or|and)\b|或者?|和|及|\\(?:quad|qquad|lor|vee)(?![a-z])")
_PLUS_MINUS = re.compile(r"\\pm(?![a-z]) ?|±|\\mp(?![a-z]) ?|∓")
_PAIRS = {"(": ")", "[": "]", "<": ">", "\\langle": "\\rangle", "\\{": "\\}", "{": "}"}
_LEAD = re.compile(
    r"^(?:解集|方程的解|根)?(?:是|为)?\s*(?:the )?(?:solutions?|roots?|values?)?(?: ?set)?(?: are| is|:)? ",
    re.IGNORECASE,
)
_ROOT_LABEL = re.compile(r"([xzX]|λ|\\lambda)(?:_\{?\w+\}?)?")
_TRANSPOSED = re.compile(r" ?\^ ?\{? ?(?:T|\\top|\\intercal|\\mathsf ?T) ?\}?$")
_POINT = re.compile(r"^(?:the )?(?:points?|点|坐标|向量|为|是|[A-Z]| )*(?=\()")
_UNIT_VECTOR = re.compile(r"\\hat|(?<![A-Za-z\\])[ijk](?![A-Za-z_])")
_COLON = re.compile(r" ?(?:[:：∶]|\\colon|比|\bto\b) ?")


_ORDERED = frozenset(("tuple", "array", "labelled"))
_AMBIGUOUS = {(one, other) for one, other in (("set", "tuple"), ("set", "array"), ("tuple", "array"))}
_AMBIGUOUS |= {(other, one) for one, other in _AMBIGUOUS}
"Brackets that may say different things: (1,3) and [1,3] may be intervals."

Item = str | Node
"The text of a value or of an inner tuple, or a tree that was worked out."


@dataclass(frozen=True, slots=True)
class Collection:
    """Items in written order; `kind` is set, list, tuple, array ([1,2]) or labelled.

    A list is a row of values without brackets: a set, unless the policy wants order. `labels` are the names of
    labelled values, else empty.
    """

    kind: str
    items: tuple[Item, ...]
    labels: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        return "tuple" if self.kind in _ORDERED else "set"


def parse(text: str) -> Collection | None:
    """The set, list, tuple or labelled values that `text` consists of; None for a single value and for prose."""
    cleaned = _one_row(trimmed(clean(text)))
    collection = _vector(cleaned) or _read(cleaned)
    if collection is None or any(isinstance(item, str) and not _is_value(item) for item in collection.items):
        return None
    return collection


def compare(gold: Collection, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Has `answer` the same items (rule "set" or "tuple")? A tuple's items are compared in order."""
    cleaned = _one_row(trimmed(clean(answer)))
    collection = _read(cleaned) or _vector(cleaned) or _single(cleaned)
    if collection is None and gold.kind == "tuple" and intervals.parse(cleaned) is not None:
        return _as_interval(gold, cleaned, policy)
    if collection is None:
        return unknown(gold.rule, f"cannot read {shorten(answer)!r} as a collection of values")
    if gold.labels and collection.labels and not _are_roots(gold):
        return _compare_labelled(gold, collection, policy)
    if gold.kind == "labelled" and collection.kind == "tuple":
        gold = _sorted_by_label(gold)
    elif gold.kind == "tuple" and collection.kind == "labelled":
        collection = _sorted_by_label(collection)
    gold, collection = _of_one_length(*_of_one_point(gold, collection))
    if len(gold.items) != len(collection.items):
        return wrong(gold.rule, f"{len(collection.items)} values instead of {len(gold.items)}")
    if (gold.kind, collection.kind) in _AMBIGUOUS and (len(gold.items) == 2 or "set" in (gold.kind, collection.kind)):
        return unknown(gold.rule, "other brackets, which may say another thing")
    by_place = gold.kind in _ORDERED or collection.kind in ("tuple", "labelled")
    ordered = by_place or (policy.ordered_lists and gold.kind != "set")
    ordered = ordered and not _are_roots(gold)
    return _in_order(gold, collection, policy) if ordered else _in_any_order(gold, collection, policy)


def _one_row(cleaned: str) -> str:
    """Values below each other behind a brace, or with blanks between them, as a row: x=2, y=3."""
    if match := _CASES.fullmatch(cleaned):
        cleaned = _LINE_END.sub(", ", match.group(1).replace("&", "")).rstrip(", ")
    return _BETWEEN_VALUES.sub(", ", cleaned)


_CASES = re.compile(
    r"(?:\\\{ ?)?\\begin ?\{(?:cases|array|aligned|gathered)\}(?:\{[a-z@ ]{0,9}\})?(.{1,600}?)"
    r"\\end ?\{(?:cases|array|aligned|gathered)\} ?\.?"
)
_LINE_END = re.compile(r"[,;]? ?\\\\ ?")
_BETWEEN_VALUES = re.compile(r"(?<=[0-9]) (?=[a-z](?:_\{?[0-9]\}?)? ?= ?-?[0-9])")


def _of_one_point(gold: Collection, other: Collection) -> tuple[Collection, Collection]:
    """The set of one point {(1,2)} against the point (1,2)."""
    pair = []
    for one, against in ((gold, other), (other, gold)):
        only = one.items[0] if one.kind == "set" and len(one.items) == 1 and against.kind == "tuple" else None
        inner = _bracketed(only) if isinstance(only, str) else None
        pair.append(inner if inner is not None and inner.kind == "tuple" else one)
    return pair[0], pair[1]


def _of_one_length(gold: Collection, other: Collection) -> tuple[Collection, Collection]:
    """A plane vector 2i + 3j has a third component 0."""
    zero = ("num", 0, 0, 0)
    if len(gold.items) == 2 and len(other.items) == 3 and not isinstance(gold.items[0], str):
        gold = replace(gold, items=(*gold.items, zero))
    elif len(gold.items) == 3 and len(other.items) == 2 and not isinstance(other.items[0], str):
        other = replace(other, items=(*other.items, zero))
    return gold, other


# -- reading -----------------------------------------------------------------------------------------------------------


def _read(cleaned: str) -> Collection | None:
    """A collection of any texts, without a look at them."""
    if not cleaned or len(cleaned) > LIMIT:
        return None
    cleaned = _LEAD.sub("", cleaned)
    bracketed = _bracketed(cleaned)
    if bracketed is not None:
        return bracketed
    pieces = [piece for part in _WORDS.split(cleaned) for piece in split_top(part, _SEPARATORS) if piece]
    pieces = [signed for piece in pieces for signed in _both_signs(piece)]
    if not 1 < len(pieces) <= MAX_ITEMS:
        return None
    assigned = [members(piece) for piece in pieces]
    if not any(len(sides) > 1 for sides in assigned):
        return Collection("list", tuple(pieces))
    return _assignments(assigned)


def _bracketed(text: str) -> Collection | None:
    """{a, b}, (a, b), <a, b>: one pair of brackets around everything."""
    parts = members(text)
    if len(parts) == 2 and is_label(parts[0]):
        text = parts[1]
    elif "," in text:
        text = _POINT.sub("", text)
    text = _TRANSPOSED.sub("", text)
    for opening, closing in _PAIRS.items():
        if not (text.startswith(opening) and text.endswith(closing)):
            continue
        inner = text[len(opening) : -len(closing)]
        if opening in "([{" and not _is_one_pair(text):
            continue
        items = [signed for piece in split_top(inner, _SEPARATORS) if piece for signed in _both_signs(piece)]
        if opening in ("\\{", "{"):
            return Collection("set", tuple(dict.fromkeys(items))) if 0 < len(items) <= MAX_ITEMS else None
        kind = "array" if opening == "[" else "tuple"
        return Collection(kind, tuple(items)) if 1 < len(items) <= MAX_ITEMS else None
    return None


def _is_one_pair(text: str) -> bool:
    """Does the bracket at the start close at the end?"""
    level = 0
    for at, character in enumerate(text):
        level += (character in "([{") - (character in ")]}")
        if level == 0:
            return at == len(text) - 1
    return False


def _both_signs(piece: str) -> list[str]:
    """±a as a and -a; a piece without ± as it is."""
    if not _PLUS_MINUS.search(piece):
        return [piece]
    upper = _PLUS_MINUS.sub(lambda match: "-" if "m" in match.group()[1:2] or match.group()[0] == "∓" else "+", piece)
    lower = _PLUS_MINUS.sub(lambda match: "+" if "m" in match.group()[1:2] or match.group()[0] == "∓" else "-", piece)
    return [upper, lower]


def _assignments(assigned: Sequence[Sequence[str]]) -> Collection | None:
    """x = 2, y = 3 by label; x = 2 or x = -2 and x = 2 or -2 as a set of values."""
    labels, items = [], []
    for sides in assigned:
        if len(sides) > 1 and not is_label(sides[0]):
            return None
        labels.append(read_name(sides[0]) or sides[0] if len(sides) > 1 else "")
        items.append(sides[-1])
    named = [label for label in labels if label]
    if len(set(named)) == 1 and labels[0]:
        return Collection("list", tuple(items))
    if len(named) == len(labels) == len(set(labels)):
        return Collection("labelled", tuple(items), tuple(labels))
    return None


def _vector(cleaned: str) -> Collection | None:
    """2i + 3j - k, with or without hats, as the tuple of its components."""
    if not _UNIT_VECTOR.search(cleaned):
        return None
    node = read_value(members(cleaned)[-1])
    if node is None or not {"j", "\\hat{j}"} & set(names_in(node)):
        return None
    axes = 3 if {"k", "\\hat{k}"} & set(names_in(node)) else 2
    parts = tuple(_component(node, axis) for axis in range(axes))
    whole, nothing = _component(node, None), _component(node, -1)
    is_sum = agreement(whole, ("add", *parts), DEFAULT)[0] == "equal"
    if not is_sum or agreement(nothing, ("num", 0, 0, 0), DEFAULT)[0] != "equal":
        return None
    return Collection("tuple", parts)


def _as_interval(gold: Collection, cleaned: str, policy: Policy) -> Verdict:
    """(1,2) was an interval after all, where the answer is one or an inequality."""
    region = intervals.read_interval(f"({','.join(str(item) for item in gold.items)})")
    if region is None or not all(isinstance(item, str) for item in gold.items):
        return unknown(gold.rule, "a tuple and an interval")
    return intervals.compare(region, cleaned, policy)


def _component(node: Node, axis: int | None) -> Node:
    """The vector with one unit vector set to 1 and the others to 0; None sets all to 1."""

    def unit(part: Node) -> Node | None:
        name = part[1] if part[0] in ("var", "const") else None
        for position, letter in enumerate("ijk"):
            if name in (letter, f"\\hat{{{letter}}}"):
                return ("num", int(axis is None or position == axis), 0, 0)
        return None

    return mapped(node, unit)


def _single(cleaned: str) -> Collection | None:
    """One value, as a list of one: it is wrong against several, and right against a set of one."""
    value = members(cleaned)[-1]
    return Collection("list", (value,)) if read_value(value) is not None else None


def _is_value(item: str) -> bool:
    if read_value(item) is not None or quantity.parse(item) is not None:
        return True
    inner = _bracketed(item)
    return inner is not None and all(isinstance(part, str) and read_value(part) is not None for part in inner.items)


# -- comparison --------------------------------------------------------------------------------------------------------


def _same_item(one: Item, other: Item, policy: Policy) -> tuple[Agreement, str]:
    """Two items: as expressions, else as quantities, else as inner tuples."""
    trees = [read_value(item) if isinstance(item, str) else item for item in (one, other)]
    outcome: tuple[Agreement, str] = ("unknown", f"cannot compare {shorten(str(one))!r} and {shorten(str(other))!r}")
    if trees[0] is not None and trees[1] is not None:
        outcome = agreement(trees[0], trees[1], policy)
    if outcome[0] == "equal" or not isinstance(one, str) or not isinstance(other, str):
        return outcome
    measured = quantity.parse(one)
    if measured is not None and measured.unit is not None:
        return _as_agreement(quantity.compare(measured, other, policy))
    inner, its_inner = _bracketed(one), _bracketed(other)
    if inner is not None and its_inner is not None and inner.kind == its_inner.kind:
        if len(inner.items) != len(its_inner.items):
            return "different", "tuples of different lengths"
        return _as_agreement(_in_order(inner, its_inner, policy))
    return outcome


def _as_agreement(verdict: Verdict) -> tuple[Agreement, str]:
    words: dict[str, Agreement] = {"right": "equal", "wrong": "different", "unknown": "unknown"}
    return words[verdict.value], verdict.reason


def _in_order(gold: Collection, other: Collection, policy: Policy) -> Verdict:
    outcomes = [_same_item(one, item, policy) for one, item in zip(gold.items, other.items, strict=True)]
    for position, (outcome, why) in enumerate(outcomes, 1):
        if outcome == "different":
            return wrong(gold.rule, f"value {position}: {why}")
    doubts = [why for outcome, why in outcomes if outcome == "unknown"]
    return unknown(gold.rule, doubts[0]) if doubts else right(gold.rule, "the same values in order")


def _in_any_order(gold: Collection, other: Collection, policy: Policy) -> Verdict:
    left = list(other.items)
    doubt = ""
    for one in gold.items:
        outcomes = [_same_item(one, item, policy) for item in left]
        fitting = next((position for position, outcome in enumerate(outcomes) if outcome[0] == "equal"), None)
        if fitting is not None:
            del left[fitting]
        elif all(outcome[0] == "different" for outcome in outcomes):
            return wrong(gold.rule, f"{shorten(str(one))} is not among the values")
        else:
            doubt = doubt or next(why for outcome, why in outcomes if outcome == "unknown")
    return unknown(gold.rule, doubt) if doubt else right(gold.rule, "the same values")


def _compare_labelled(gold: Collection, other: Collection, policy: Policy) -> Verdict:
    if set(gold.labels) != set(other.labels):
        return unknown(gold.rule, f"names {', '.join(other.labels)} instead of {', '.join(gold.labels)}")
    return _in_order(_sorted_by_label(gold), _sorted_by_label(other), policy)


def _sorted_by_label(collection: Collection) -> Collection:
    pairs = sorted(zip(collection.labels, collection.items, strict=True), key=lambda pair: pair[0])
    return Collection("labelled", tuple(item for _, item in pairs), tuple(label for label, _ in pairs))


def _are_roots(gold: Collection) -> bool:
    """x_1 = 1, x_2 = 3: the roots of one equation, whose numbering means nothing."""
    if gold.kind != "labelled":
        return False
    matches = [_ROOT_LABEL.fullmatch(label) for label in gold.labels]
    bases = {match.group(1) for match in matches if match}
    return all(matches) and len(bases) == 1


# -- ratios ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ratio:
    """The terms of a ratio such as 2:3:4."""

    terms: tuple[Node, ...]


def parse_ratio(text: str) -> Ratio | None:
    """The ratio that `text` consists of (2:3, 2比3, a:b); None for everything else."""
    terms = _terms(trimmed(clean(text)))
    return Ratio(terms) if terms and len(terms) > 1 else None


def compare_ratio(gold: Ratio, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Are the terms of `answer` proportional to the reference's (rule "ratio")? A fraction is a ratio of two."""
    terms = _terms(trimmed(clean(answer)))
    if terms is None:
        return unknown("ratio", f"cannot read {shorten(answer)!r} as a ratio")
    if len(terms) == 1 and len(gold.terms) == 2:
        terms = (terms[0], ("num", 1, 0, 0))
    if len(terms) != len(gold.terms):
        return wrong("ratio", f"{len(terms)} terms instead of {len(gold.terms)}")
    doubt = ""
    for one, other in zip(gold.terms[1:], terms[1:], strict=True):
        outcome, why = agreement(("div", gold.terms[0], one), ("div", terms[0], other), policy)
        if outcome == "different":
            return wrong("ratio", "the terms are not proportional to the reference's")
        doubt = doubt or (why if outcome == "unknown" else "")
    return unknown("ratio", doubt) if doubt else right("ratio", "proportional terms")


def _terms(cleaned: str) -> tuple[Node, ...] | None:
    parts = members(cleaned)
    pieces = [piece.strip() for piece in _COLON.split(parts[-1])]
    if not 0 < len(pieces) <= 8 or (len(parts) > 1 and not _COLON.search(parts[0]) and not is_label(parts[0])):
        return None
    terms = [read_value(piece) for piece in pieces]
    read = tuple(term for term in terms if term is not None)
    return read if len(read) == len(terms) else None
