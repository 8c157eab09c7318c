"""Finding the final answer that a solution states.

Explicit statements are delimiters (`\\boxed{}`, `####`, `<answer>`, 【答案】) and cue phrases ("the answer is", "故选"); the
last one counts. A conclusion ("so ΔH = …") at the very end is explicit enough; the last formula or number alone is not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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


_RUN_ON = re.compile(
    r"\n[ \t]*(?:\n|[#*>-])[ \t#*>]*(?:Question|Problem|Q|Example|Exercise|Human|User|问题|题目|【题目】|【问题】)[ \t]*[0-9]{0,4}[ \t]*[:：.)]"
    r"|<\|(?:im_end|endoftext|user|end|eot_id)\|>|<eoa>|</s>|\nHuman:|\nUser:|\n### (?:Instruction|Question|Human|Input)"
)
_BOX = re.compile(r"\\(?:boxed|fbox|framebox)[ ]?\{")
_BOX_BARE = re.compile(r"\\boxed ([^\s{}$]{1,40})")
_TAGS = (
    re.compile(r"####[ \t]*([^\n]{1,400})"),
    re.compile(r"<answer>((?:(?!<answer>).){0,2000}?)</answer>", re.DOTALL | re.IGNORECASE),
    re.compile(r"【(?:最终)?答案】[:：]?\s*([^【\n]{1,400}(?:\n[^【\n]{1,400}){0,6}?)(?=<eoa>|【|\n\s*\n|$)"),
)
_CUE = re.compile(
    r"(?:\bthe |\bour |\bmy |\b)?(?:final |correct |right |best )?\banswers?\b(?: \([^()\n]{1,40}\))?(?: (?:to|of|for) (?:the|this|that|question|problem|part)\b[^.:\n=]{0,60})?"
    r"(?:\*\*)?(?: ?(?:is|are|was|would be|should be|must be|will be|comes out to be)(?: (?:therefore|thus|then|thus|hence))?(?: approximately| about| option| choice)?\b:?|[ ]?[:：=]|(?= \())"
    r"|\b(?:the )?(?:correct|right|best|final) (?:option|choice|result|value)s?(?: here)?(?: is| are|:)(?: option| choice)?"
    r"|\b(?:final|result|solution)[:：]"
    r"|\b(?:we|I|you)(?: should| would| must)? (?:choose|select|pick|go with)(?: option| choice| answer)?\b|\bthis corresponds to (?:option|choice)\b"
    r"|(?:最终|最后|正确|参考|本题|此题|该题)?(?:的)?(?:正确)?(?:答案|选项|结果)(?:应该|应当|应)?(?:[是为选]|[:：])[:：]?"
    r"|(?:故|应|所以|因此|综上|则|本题|答案)(?:[，, ]?(?:正确)?(?:答案)?)?选(?:择|项|[是为])?[:：]?|故(?:正确)?(?:答案|选项)?[是为][:：]?|(?<![\u4e00-\u9fff])(?:选择|选)[:：]?(?=[ ]?[(（]?[A-H])|^答[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_CONCLUSION = re.compile(
    r"(?:^|[\s.。;；,，…])(?:so|therefore|thus|hence|consequently|finally|in conclusion|in total|we (?:get|obtain|find|have)|this gives|giving|yields?)\b[,: ]*"
    r"|(?:所以|因此|因而|故|综上所述|综上|从而|可得|解得|得到|得|即)[,，:： ]*",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"\.(?=\s+[A-Z(\\$*\u4e00-\u9fff]|\s*$|\s*\n)|[。\n]|(?<=[A-Za-z)])[;!](?=\s)")
_NOT_AN_ANSWER = re.compile(
    r"^(?:that |indeed |therefore |thus )?(?:correct|reasonable|consistent|obtained|found|derived|based|incorrect|wrong|not (?:listed|among|given|one|in)|independent|clear|"
    r"the same|supported|verified|complete|in the (?:form|options)|can be|to be|as follows|below|above|known|given by|required|sensitive|simply that)\b[^0-9\\$]{0,200}$|^[.,;:\s]*$",
    re.IGNORECASE,
)
_RETRACTION = re.compile(
    r"\b(?:wait|actually|oops|correction|mistake|slip|error in|i was wrong|that(?:'s| is) (?:wrong|incorrect|not right)|on second thought|let me re-?(?:check|consider|do|calculate)|scratch that|should (?:really |actually )?be|"
    r"however, the (?:correct|right|actual))\b|更正|错了|不对|有误|应该是|应为|重新(?:计算|考虑|检查)|实际上",
    re.IGNORECASE,
)
_HEDGE_GAP = re.compile(r"\b(?:or|either|maybe|perhaps|possibly|alternatively)\b|或", re.IGNORECASE)
_LIST_GAP = re.compile(
    r"[\s,，、;；$.\\()\[\]]*(?:and|和|与|及)?[\s,$\\()\[\]]*|[\s,;.$]*(?:\(?[a-z0-9]\)|\*\*)[\s\S]{0,30}",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    r"\b(?:I (?:cannot|can't|am unable to|could not|do not know|don't know)|unable to (?:determine|answer|solve))\b|无法(?:解答|回答|作答)|不知道",
    re.IGNORECASE,
)
_LAST_VALUE = re.compile(
    r"\$\$?([^$\n]{1,300})\$\$?|\\\[([^\n]{1,300}?)\\\]|\\\(([^\n]{1,300}?)\\\)|(?<![\w.])([-+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?)"
)
_HAS_CONTENT = re.compile(r"\w|[√×∅∞\\]")
_LABELLED_LINE = re.compile(r"^\s*(?:[-*•]\s*)?\**\(?(?:[a-hA-H]|[ivx]{1,4}|\d{1,2})[).:：、]")


def strip_thinking(text: str) -> str:
    """`text` without its thinking: what stands between `<think>` and `</think>`, and all after a `<think>` never closed."""
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
    if _RETRACTION.search(text, last.end):
        return Extraction(last.text, last.how, False, "taken back afterwards")
    boxes = [s for s in found if s.how == "box"]
    if last.how == "box" and len(boxes) > 1:
        return _join_boxes(text, boxes, several)
    return Extraction(last.text, last.how, True)


def statements(text: str) -> list[Statement]:
    """All explicit statements of an answer in `text`, in order; a box inside a cue's sentence stands for the cue."""
    found = _boxes(text)
    for pattern in _TAGS:
        found += [Statement(m.start(), m.end(), "tag", _tidy(m.group(1))) for m in pattern.finditer(text)]
    covered = sorted((s.start, s.end) for s in found)
    for cue in _CUE.finditer(text):
        answer, end = _after_cue(text, cue.end())
        if any(start < end and stop > cue.start() for start, stop in covered[-60:]):
            continue
        if answer and not _NOT_AN_ANSWER.match(answer):
            found.append(Statement(cue.start(), end, "cue", answer))
    return sorted((s for s in found if _HAS_CONTENT.search(s.text)), key=lambda s: s.start)


def _own_part(text: str) -> str:
    """`text` up to where it runs on into another question, if it states an answer before that."""
    start = 0
    for cut in _RUN_ON.finditer(text):
        part = text[start : cut.start()]
        if part.strip() and statements(guard(part, TEXT_LIMIT)):
            return part
        if cut.group().startswith(("<", "\nH", "\nU")) and part.strip():
            return part
        start = cut.end()
        if start > 400_000:
            break
    return text[start:] if text[start:].strip() else text


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
    """The last box, joined with those right before it where they make one list, doubtful where they are alternatives."""
    group = [boxes[-1]]
    for earlier, later in zip(reversed(boxes[:-1]), reversed(boxes), strict=False):
        gap = text[earlier.end : later.start]
        if len(gap) <= 60 and _HEDGE_GAP.search(gap) and earlier.text != later.text:
            return Extraction(f"{earlier.text} or {later.text}", "box", True, "alternatives")
        if not (several or (len(gap) <= 24 and _LIST_GAP.fullmatch(gap))):
            break
        group.insert(0, earlier)
    texts = list(dict.fromkeys(s.text for s in group))
    return Extraction("; ".join(texts) if several else ", ".join(texts), "box", True)


def _from_the_end(text: str) -> Extraction:
    """Without an explicit statement: a conclusion in the last sentence, else the last formula or number (doubtful)."""
    tail = text.rstrip()[-600:]
    if not tail or _REFUSAL.search(tail):
        return Extraction(None, "none", False, "no answer is stated")
    sentences = [s for s in re.split(r"(?<=[.。!?])\s+(?=[A-Z\\$(])|[。\n]", tail) if s.strip(" .*")]
    last = sentences[-1].strip() if sentences else ""
    conclusions = list(_CONCLUSION.finditer(last))
    if conclusions and conclusions[-1].end() < len(last):
        answer = _tidy(last[conclusions[-1].end() :])
        if re.search(r"[=≈\d]|是|为|\bis\b", answer) and not _RETRACTION.search(last):
            return Extraction(answer, "conclusion", True)
    values = [next(g for g in m.groups() if g) for m in _LAST_VALUE.finditer(tail)]
    if values:
        return Extraction(values[-1].strip(), "last", False, "the last value in the text, not stated as the answer")
    return Extraction(None, "none", False, "no answer is stated")
