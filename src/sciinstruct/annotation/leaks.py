"""The leak test: does a revised solution derive the answer, or does it betray that it was shown?

Three signs, each with its reason in words (the paper has no such test; its revise stage keeps whatever ends right):
a listed phrase that speaks of a given answer or of the earlier solution; the final answer stated before anything is
derived; the wrong solution again with only its end changed. The rate at which planted leaks are found is measured by
`benchmarks/leaks.py`.
"""

from __future__ import annotations

import re

__all__ = ["find_leak"]

# "Solution" alone is no sign: in chemistry it is a liquid; nor are "the given answer choices".
_GIVEN = "(?:reference|given|provided|known|expected|official|supplied|stated)"
_RIGHT = "(?:(?:correct|right|final) )?"
_PHRASES_EN = re.compile(
    r"\b(?:"
    rf"{_GIVEN} {_RIGHT}answer"
    r"|reference solution|expected result"
    r"|(?:correct|right|final) answer (?:is|was) (?:given|provided|known|stated|supplied)"
    rf"|(?:match|agree|consistent|in line|accord)\w* (?:with )?the {_RIGHT}(?:answer|reference)"
    r"|as given,? the answer"
    r"|(?:previous|earlier|original|first|initial) (?:attempt|answer)|(?:wrong|incorrect|flawed) (?:solution|attempt)"
    rf"|(?:since|because|knowing|given) (?:that )?(?:we know )?the {_RIGHT}answer (?:is|must|should)"
    r")\b(?! (?:choice|option|list)|s)",
    re.IGNORECASE,
)
_PHRASES_ZH = re.compile(
    "参考答案|标准答案|(?:给定|给出|提供|已知|所给|正确)的?(?:最终)?答案(?:是|为|可知|给出|一致)"
    "|根据(?:正确)?答案|由答案(?:可知|知)|与(?:正确|参考|标准)?答案(?:一致|相符|吻合|相同)"
    "|(?:之前|先前|原来|原先|上述错误|错误)的?(?:解答|解法|答案)|原解答"
)
_STATED = re.compile(
    r"\\boxed\s*\{|【答案】|\b(?:final|correct)?[ \t]*answer[ \t]*(?:is|:|=|must be|should be)"
    "|答案(?:是|为|：|:|应为|选)|故选|应选",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_COMPUTES = re.compile(r"=|≈|\\approx|\\Rightarrow|therefore|because|since|thus|hence|so |因为|所以|因此|由|得")

# A solution shorter than this many characters has no "before the derivation".
_SHORT = 120
# The answer must not be stated in the first part of the text, measured as this share of its length.
_OPENING = 0.2


def find_leak(solution: str, *, question: str, wrong_solution: str) -> str | None:
    """The reason why `solution` looks like a shown answer, or None.

    `question` is the problem as it was shown (its own words are no betrayal) and `wrong_solution` the draft that was
    revised.
    """
    return (
        _betraying_phrase(solution, question)
        or _stated_before_derived(solution, question)
        or _only_end_changed(solution, wrong_solution)
    )


def _betraying_phrase(solution: str, question: str) -> str | None:
    folded, asked = " ".join(solution.split()), " ".join(question.lower().split())
    for pattern in (_PHRASES_EN, _PHRASES_ZH):
        for match in pattern.finditer(folded):
            if match[0].lower() not in asked:
                return f"speaks of a given answer or an earlier solution: {match[0]!r}"
    return None


def _stated_before_derived(solution: str, question: str) -> str | None:
    if len(solution) < _SHORT:
        return None
    stated = _STATED.search(solution)
    if stated is None or stated.start() > _OPENING * len(solution) or stated[0] in question:
        return None
    if _COMPUTES.search(solution[: stated.start()]):
        return None
    return f"states the answer before deriving it: {stated[0].strip()!r} at character {stated.start()}"


def _only_end_changed(solution: str, wrong_solution: str) -> str | None:
    body, end = _body_and_end(solution)
    wrong_body, wrong_end = _body_and_end(wrong_solution)
    if not body or body != wrong_body or end == wrong_end:
        return None
    if _changed_computation(end, wrong_end):
        return None
    return "is the wrong solution with only its final answer changed"


def _body_and_end(text: str) -> tuple[list[str], str]:
    """The sentences before the one that states the final answer, white space folded, and that last part."""
    sentences = [" ".join(part.split()) for part in _SENTENCE_END.split(text) if part and part.strip()]
    cut = len(sentences) - 1
    while cut > 0 and _STATED.search(sentences[cut - 1]) and not _computation(sentences[cut - 1]):
        cut -= 1
    return sentences[:cut], " ".join(sentences[cut:])


def _computation(sentence: str) -> str:
    """What stands before the statement of the answer, if it computes something."""
    before = _STATED.split(sentence, maxsplit=1)[0]
    return before if "=" in before or "≈" in before or "\\approx" in before else ""


def _changed_computation(end: str, wrong_end: str) -> bool:
    """Whether the last sentence itself computes, and computes differently: then the error was mended where it was
    made."""
    computed = _computation(end)
    return bool(computed) and computed != _computation(wrong_end)
