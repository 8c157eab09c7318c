"""Takes a reflecting reply apart: the reflection, the error kind that it names, and the corrected solution."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..verification import strip_thinking

__all__ = ["Parts", "after_thinking", "critic_verdict", "split_parts"]

# Headings as models write them: # marks or bold or bare, then a colon or the end of the line; 【】 in Chinese.
# Blanks are matched possessively: a model that loops over blanks must not make this quadratic.
_MARK = r"^[ \t]*+(?:#{1,6}[ \t]*+)?+(?:\*\*|__)?+[ \t]*+"
_END = r"[ \t]*+(?:\*\*|__)?+[ \t]*+(?:[:：]|$)[ \t]*+(?:\*\*|__)?+"


def _heading(english: str, chinese: str) -> re.Pattern[str]:
    forms = (
        rf"{_MARK}(?:{english}){_END}",
        rf"{_MARK}[【\[](?:{chinese})[】\]](?:\*\*)?[:：]?",
        rf"{_MARK}(?:{chinese}){_END}",
    )
    return re.compile("|".join(forms), re.IGNORECASE | re.MULTILINE)


_REFLECTION = _heading(r"reflections?", r"反思|错误分析")
_SOLUTION = _heading(
    r"(?:corrected|correct|revised)[ \t]++solution", r"(?:正确|修正|改正)(?:后)?的?(?:解答|解法|解题过程|答案)"
)
_KIND = re.compile(r"(?:error[ \t]++kind|错误类型)[ \t*]*+[:：][ \t*“\"]*+([a-z]+|[一-鿿]+)", re.IGNORECASE)
_VERDICT = re.compile(r"(?:verdict|结论)[ \t*]*+[:：][ \t*]*+(right|correct|wrong|incorrect|正确|错误)", re.IGNORECASE)
_KINDS = {
    "comprehension": "comprehension",
    "calculation": "calculation",
    "reasoning": "reasoning",
    "理解错误": "comprehension",
    "计算错误": "calculation",
    "推理错误": "reasoning",
}


@dataclass(frozen=True)
class Parts:
    """A reflecting reply taken apart; `error_kind` is comprehension, calculation, reasoning, other, or None if
    unnamed."""

    reflection: str
    error_kind: str | None
    solution: str


def after_thinking(text: str) -> str:
    """The answer itself, without the thinking that some servers leave in the text."""
    return strip_thinking(text).strip()


def split_parts(text: str) -> Parts | None:
    """Splits "reflection, corrected solution" by their headings; None where the corrected solution is missing or
    empty."""
    text = after_thinking(text)
    heading = _SOLUTION.search(text)
    if heading is None:
        return None
    solution = text[heading.end() :].strip()
    if not solution:
        return None
    before = text[: heading.start()]
    label = _REFLECTION.search(before)
    reflection = before[label.end() :] if label else before
    return Parts(reflection=reflection.strip(), error_kind=_error_kind(reflection), solution=solution)


def _error_kind(reflection: str) -> str | None:
    named = _KIND.search(reflection)
    if named is None:
        return None
    return _KINDS.get(named[1].lower(), "other")


def critic_verdict(text: str) -> bool | None:
    """Whether a critic's reply ends with "Verdict: right" (True), "Verdict: wrong" (False), or with neither (None)."""
    found = _VERDICT.findall(text)
    if not found:
        return None
    return found[-1].lower() in ("right", "correct", "正确")
