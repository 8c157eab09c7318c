"""Several sub-answers: `(1) 5 m/s (2) 10 m`, `① 增大 ② 减小`, `a) …; b) …`, or a list of quantities with units."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Part", "compare_parts", "labelled", "listed"]

_MOST = 12
_LABEL = re.compile(
    r"(?:(?<=^)|(?<=[\s;,.。、:])|(?<=[0-9%°}\u4e00-\u9fff])(?=\())(?P<word>(?:part|question|第) ?)?\(?"
    r"(?P<label>[1-9]|1[0-2]|[a-h]|i{1,3}|iv|v|vi{1,3}|[一二三四五六])"
    r"(?:\)|(?(word):(?= )|(?!))|(?<=[a-h])[.:](?= )|[.:、](?= ?[^0-9 ])|\)?(?:小)?问)[:：]? *",
    re.IGNORECASE,
)
_ORDER = {
    "number": [str(n) for n in range(1, 13)],
    "letter": list("abcdefgh"),
    "roman": ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"],
    "chinese": list("一二三四五六"),
}
_NAME = re.compile(
    r"^([A-Za-zΑ-ωΔ\\][A-Za-z0-9_\\{}]{0,20}|[A-Za-z\u4e00-\u9fff][\w \u4e00-\u9fff'-]{0,60}?)"
    r" ?(?:=|:|is|为|是) ?(?=[^=])"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One sub-answer: its label or name ("" where it has none) and its text."""

    label: str
    text: str


def labelled(text: str) -> tuple[Part, ...] | None:
    """The parts of a text whose labels run 1, 2, … (or a, b, …; i, ii, …) in any order; None where there are no two."""
    text = clean(text)
    marks = list(_LABEL.finditer(text))[: 4 * _MOST]
    if not marks or len(text[: marks[0].start()].strip(" :;,.")) > 40:
        return None
    order = _order_of(marks[0].group("label").lower())
    marks = [m for m in marks if m.group("label").lower() in order]
    labels = [m.group("label").lower() for m in marks]
    if not 2 <= len(marks) <= _MOST or sorted(labels) != sorted(order[: len(labels)]):
        return None
    ends = [m.start() for m in marks[1:]] + [len(text)]
    bodies = [_bare(text[m.end() : end]) for m, end in zip(marks, ends, strict=True)]
    if not all(bodies):
        return None
    rank = {label: str(order.index(label)) for label in labels}
    return tuple(Part(rank[label], body) for label, body in zip(labels, bodies, strict=True))


def _bare(piece: str) -> str:
    """A piece without the punctuation around it; a leading point belongs to a number."""
    return piece.rstrip(" ;,.。、").lstrip(" ;,、")


def _order_of(label: str) -> list[str]:
    """The row of labels that this one belongs to; "i" opens a row of its own."""
    return next(order for order in _ORDER.values() if label in order)


def listed(text: str) -> tuple[Part, ...] | None:
    """The parts of a plain list "…, … and …"; names ("mass = …") become labels; None where there are no two."""
    text = clean(text).rstrip(" .。")
    if len(text) > 600:
        return None
    pieces = _split(text)
    if not 2 <= len(pieces) <= _MOST:
        return None
    parts = [_named(piece) for piece in pieces]
    return tuple(parts)


def _split(text: str) -> list[str]:
    """Splits at semicolons, else at commas and "and" that stand outside brackets and numbers."""
    for separator in (r";|；|\\\\", r",(?=[^0-9])|,(?= )|、|,?\b(?:and|with)\b(?= )|和|以及|(?<=\D),(?=\d)"):
        pieces: list[str] = []
        start = level = 0
        marks = {m.start(): m.end() for m in re.finditer(separator, text)}
        for at, character in enumerate(text):
            level += (character in "([{") - (character in ")]}")
            if at in marks and level == 0 and at >= start:
                pieces.append(text[start:at])
                start = marks[at]
        pieces.append(text[start:])
        pieces = [bare for piece in pieces if (bare := _bare(piece))]
        if len(pieces) > 1:
            return pieces
    return [text]


def _named(piece: str) -> Part:
    match = _NAME.match(piece)
    if match is None or match.end() >= len(piece):
        return Part("", piece)
    return Part(re.sub(r"[\s{}]", "", match.group(1)).lower(), piece[match.end() :].strip())


def compare_parts(
    gold: tuple[Part, ...],
    answer: str,
    policy: Policy,
    compare: Callable[[Part, str], Verdict],
    *,
    any_order: bool,
) -> Verdict:
    """Compares part by part: by label where both sides have labels, else in order, or in any order.

    `compare` decides one part. Right where all parts are, wrong where one is wrong, else unknown.
    """
    parts = labelled(answer) or listed(answer)
    if parts is None or len(parts) != len(gold):
        found = 1 if parts is None else len(parts)
        return unknown("parts", f"{len(gold)} parts expected, {found} found in {shorten(answer)!r}")
    matched = _by_label(gold, parts)
    if matched is not None:
        return _all(gold, matched, compare)
    verdict = _all(gold, parts, compare)
    if verdict.value == "right" or not any_order or policy.ordered_lists or len(gold) > 4:
        return verdict
    for order in permutations(parts):
        if order != parts and _all(gold, order, compare).value == "right":
            return right("parts", "all parts are right, in another order")
    return verdict


def _by_label(gold: tuple[Part, ...], parts: tuple[Part, ...]) -> tuple[Part, ...] | None:
    """The answer's parts in the reference's order, where the labels are the same ones."""
    labels = [p.label for p in parts]
    if "" in labels or sorted(labels) != sorted(p.label for p in gold) or len(set(labels)) != len(labels):
        return None
    by_label = {p.label: p for p in parts}
    return tuple(by_label[p.label] for p in gold)


def _all(gold: tuple[Part, ...], parts: tuple[Part, ...], compare: Callable[[Part, str], Verdict]) -> Verdict:
    open_part: Verdict | None = None
    for number, (reference, part) in enumerate(zip(gold, parts, strict=True), start=1):
        verdict = compare(reference, part.text)
        if verdict.value == "wrong":
            return wrong("parts", f"part {number}: {verdict.reason}")
        if verdict.value == "unknown" and open_part is None:
            open_part = unknown("parts", f"part {number}: {verdict.reason}")
    return open_part or right("parts", f"all {len(gold)} parts are right")
