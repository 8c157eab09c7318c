"""Finding the final answer that a solution states.

Explicit statements are delimiters (`\\boxed{}`, `####`, `<answer>`, 【答案】) and cue phrases ("the answer is",
"故选"); the last one counts. A conclusion ("so ΔH = …") at the very end is explicit enough; the last formula or number
alone is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from sciinstruct.verification.cues import (
    ANSWER_CUES,
    CONCLUSION,
    DENIED_CUE,
    HEDGED_GAP,
    LIST_GAP,
    NOT_AN_ANSWER,
    REFUSAL,
    RETRACTION,
    RUN_ON,
    lowered,
)
from sciinstruct.verification.normalise import TEXT_LIMIT, guard

__all__ = ["Extraction", "extract", "statements", "strip_thinking"]


@dataclass(frozen=True, slots=True)
class Extraction:
    """The final answer found in a text (None: none is stated), how it was found and whether it is stated clearly.

    `how` is box, tag, cue, conclusion, last or none; `note` says in words what makes it doubtful.
    """

    answer: str | None
    how: str
    confident: bool
    note: str = ""

    @property
    def explicit(self) -> bool:
        """Was it announced by a delimiter or a cue phrase?"""
        return self.how in ("box", "tag", "cue")


@dataclass(frozen=True, slots=True)
class Statement:
    """One explicit statement: where it stands, how it is made, what it says."""

    start: int
    end: int
    how: str
    text: str


_BOX = re.compile(r"\\(?:boxed|fbox|framebox)[ ]?\{")
_BOX_BARE = re.compile(r"\\boxed ([^\s{}$]{1,40})")
_TAGS = (
    re.compile(r"####[ \t]*([^\n]{1,400})"),
    re.compile(r"<answer>((?:(?!<answer>).){0,2000}?)</answer>", re.DOTALL | re.IGNORECASE),
    re.compile(r"【(?:最终)?答案】[:：]?\s*([^【\n]{1,400}(?:\n[^【\n]{1,400}){0,6}?)(?=<eoa>|【|\n\s*\n|$)"),
)
_SENTENCE_END = re.compile(r"\.(?=\s+[A-Z(\\$*\u4e00-\u9fff]|\s*$|\s*\n)|[。\n]|(?<=[A-Za-z)])[;!](?=\s)")
_LAST_VALUE = re.compile(
    r"\$\$?([^$\n]{1,300})\$\$?|\\\[([^\n]{1,300}?)\\\]|\\\(([^\n]{1,300}?)\\\)|"
    r"(?<![\w.])([-+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?)"
)
_HAS_CONTENT = re.compile(r"\w|[√×∅∞\\]")
_LABELLED_LINE = re.compile(r"^\s*(?:[-*•]\s*)?\**\(?(?:[a-hA-H]|[ivx]{1,4}|\d{1,2})[).:：、]")


def strip_thinking(text: str) -> str:
    """`text` without what stands between `<think>` and `</think>`, or after a `<think>` that is never closed."""
    if "think" not in text:
        return text
    for opening, closing in (("<think>", "</think>"), ("<thinking>", "</thinking>")):
        end = text.rfind(closing)
        if end >= 0:
            text = text[end + len(closing) :]
        start = text.find(opening)
        if start >= 0:
            text = text[:start]
    return text


def extract(text: str, *, several: bool = False) -> Extraction:
    """The final answer that `text` states last and clearly.

    `several` says that the reference has several parts: several boxes are then joined instead of taking the last.
    Looks at the last 16,384 characters, in linear time. Never raises.
    """
    text = guard(_own_part(strip_thinking(text)), TEXT_LIMIT)
    found = statements(text)
    if not found:
        return _from_the_end(text)
    last = found[-1]
    if RETRACTION.search(lowered(text[last.end :])):
        return Extraction(last.text, last.how, False, "taken back afterwards")
    if last.how == "tag" and len(last.text) > _LONG_TAG and (inner := extract(last.text)).confident:
        return inner  # a whole solution stands between the tags
    if _is_a_series(found):
        return Extraction(last.text, last.how, False, "several different answers are stated one after the other")
    boxes = [s for s in found if s.how == "box"]
    if last.how == "box" and len(boxes) > 1:
        return _join_boxes(text, boxes, several)
    return Extraction(last.text, last.how, True)


_LONG_TAG = 120


def _is_a_series(found: list[Statement]) -> bool:
    """Do the last cues state three different short answers in a row, as when a model answers other questions too?"""
    cues = [s for s in found if s.how == "cue"][-4:]
    close = all(later.start - earlier.end < 40 for earlier, later in pairwise(cues))
    return found[-1].how == "cue" and close and len({s.text for s in cues if len(s.text) <= 20}) >= 3


def statements(text: str) -> list[Statement]:
    """All explicit statements of an answer in `text`, in order; a box inside a cue's sentence stands for the cue."""
    found = _boxes(text)
    for pattern in _TAGS:
        found += [Statement(m.start(), m.end(), "tag", _tidy(m.group(1))) for m in pattern.finditer(text)]
    covered = sorted((s.start, s.end) for s in found)
    for start, stop in _cues(text):
        if DENIED_CUE.search(lowered(text[max(0, start - 60) : start])):
            continue
        answer, end = _after_cue(text, stop)
        if any(begin < end and finish > start for begin, finish in covered[-60:]):
            continue
        if answer and not NOT_AN_ANSWER.match(lowered(answer)):
            found.append(Statement(start, end, "cue", answer))
    return sorted((s for s in found if _HAS_CONTENT.search(s.text)), key=lambda s: s.start)


def _cues(text: str) -> list[tuple[int, int]]:
    """Where cue phrases begin and end, the last ones if there are very many."""
    low = lowered(text)
    found = {m.end(): m.start() for pattern in ANSWER_CUES for m in pattern.finditer(low)}
    return [(found[end], end) for end in sorted(found)[-_MOST_CUES:]]


_MOST_CUES = 200


def _own_part(text: str) -> str:
    """`text` up to where it runs on into another question, if it states an answer before that."""
    start = 0
    for cut in RUN_ON.finditer(text):
        part = text[start : cut.start()]
        if part.strip() and _says_an_answer(guard(part, TEXT_LIMIT)):
            return part
        if cut.group().startswith(("<", "\nH", "\nU")) and part.strip():
            return part
        start = cut.end()
        if start > 400_000:
            break
    return text[start:] if text[start:].strip() else text


def _says_an_answer(part: str) -> bool:
    """Is an answer stated, or does the part at least end in a conclusion?"""
    return bool(statements(part)) or _from_the_end(part).how == "conclusion"


def _boxes(text: str) -> list[Statement]:
    found: list[Statement] = []
    at = 0
    while match := _BOX.search(text, at):
        end = _closing_brace(text, match.end())
        if end is None:
            break
        found.append(Statement(match.start(), end, "box", text[match.end() : end - 1].strip()))
        at = end
    return found or [Statement(m.start(), m.end(), "box", m.group(1)) for m in _BOX_BARE.finditer(text)]


def _closing_brace(text: str, start: int) -> int | None:
    level = 1
    for at in range(start, min(len(text), start + 4_096)):
        character = text[at]
        if character == "\\":
            continue
        escaped = text[at - 1] == "\\" and text[at - 2 : at - 1] != "\\"
        if character == "{" and not escaped:
            level += 1
        elif character == "}" and not escaped:
            level -= 1
            if level == 0:
                return at + 1
    return None


def _after_cue(text: str, start: int) -> tuple[str, int]:
    """What a cue announces: the rest of its sentence, or the next line or display formula; and where it ends."""
    at = start
    while at < len(text) and text[at] in " \t:：*.…\u3000":
        at += 1
    if text[at : at + 1] == "\n" or text.startswith(("$$", "\\["), at):
        return _next_block(text, at)
    end = _SENTENCE_END.search(text, at + 1)
    stop = end.start() if end else len(text)
    return _tidy(text[at : min(stop, at + 1_000)]), stop


def _next_block(text: str, at: int) -> tuple[str, int]:
    while at < len(text) and text[at] in " \t\n*":
        at += 1
    for opening, closing in (("$$", "$$"), ("\\[", "\\]"), ("```", "```")):
        if text.startswith(opening, at):
            stop = text.find(closing, at + len(opening))
            stop = stop if stop >= 0 else min(len(text), at + 1_000)
            return _tidy(text[at + len(opening) : stop]), stop
    lines: list[str] = []
    stop = at
    for line in text[at : at + 2_000].split("\n"):
        if lines and not _LABELLED_LINE.match(line):
            break
        lines.append(line.strip())
        stop += len(line) + 1
        if not _LABELLED_LINE.match(line):
            break
    return _tidy("\n".join(lines)), min(stop, len(text))


def _tidy(text: str) -> str:
    text = re.sub(r"\*\*|`|</?[a-z]{1,6}>|<\|[a-z_]{1,20}\|>", "", text).strip()
    return text.rstrip(" .。,，;；").strip() if not text.endswith("...") else text


def _join_boxes(text: str, boxes: list[Statement], several: bool) -> Extraction:
    """The last box, joined with those before it that make one list with it; alternatives are kept as such."""
    group = [boxes[-1]]
    for earlier, later in zip(reversed(boxes[:-1]), reversed(boxes), strict=False):
        gap = text[earlier.end : later.start]
        if len(gap) <= 60 and HEDGED_GAP.search(lowered(gap)) and earlier.text != later.text:
            return Extraction(f"{earlier.text} or {later.text}", "box", True, "alternatives")
        if not (several or (len(gap) <= 24 and LIST_GAP.fullmatch(lowered(gap)))):
            break
        group.insert(0, earlier)
    texts = list(dict.fromkeys(s.text for s in group))
    return Extraction("; ".join(texts) if several else ", ".join(texts), "box", True)


def _from_the_end(text: str) -> Extraction:
    """Without an explicit statement: a conclusion in the last sentence, else the last formula or number (doubtful)."""
    tail = text.rstrip()[-600:]
    if not tail or REFUSAL.search(lowered(tail)):
        return Extraction(None, "none", False, "no answer is stated")
    sentences = [s for s in re.split(r"(?<=[.。!?])\s+(?=[A-Z\\$(])|[。\n]", tail) if s.strip(" .*")]
    last = sentences[-1].strip() if sentences else ""
    conclusions = list(CONCLUSION.finditer(lowered(last)))
    if conclusions and conclusions[-1].end() < len(last):
        answer = _tidy(last[conclusions[-1].end() :])
        if re.search(r"[=≈\d]|是|为|\bis\b", answer) and not RETRACTION.search(lowered(last)):
            return Extraction(answer, "conclusion", True)
    values = [next(g for g in m.groups() if g) for m in _LAST_VALUE.finditer(tail)]
    if values:
        return Extraction(values[-1].strip(), "last", False, "the last value in the text, not stated as the answer")
    return Extraction(None, "none", False, "no answer is stated")
