"""True or false, yes or no, in English and Chinese."""

from __future__ import annotations

import re

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean, words
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["compare", "parse", "truth_of"]

_TRUE = words(r"true yes correct right valid t y \checkmark √ 正确 正确的 对 对的 是 是的 真 成立 能 可以 会 相同 有")
_FALSE = words(
    r"false no incorrect wrong invalid n f x × ✗ \times 错误 错误的 错 否 假 不正确 不对 不是 不成立 "
    r"不能 不可以 不会 不相同 不同 没有"
)
_SINGLE = words("t f y n x")
# As a reference these are too ambiguous: "right" is a direction, "T" a variable, "有" a word.
_AMBIGUOUS = words(r"right wrong 能 会 有 没有 相同 不同 不相同 \times")
_REFERENCE = (_TRUE | _FALSE) - _SINGLE - _AMBIGUOUS
_LEAD = re.compile(
    r"^(?:the )?(?:(?:final )?answer|statement|claim|assertion|conclusion|it|this|that"
    r"|该|此|这个|这种|上述|以上|题中|这|因此|所以|故)? ?"
    r"(?:的?说法|判断|结论|命题|叙述|表述|观点|statement)?(?: ?(?:is|was|are|:|是|为))? ?",
    re.IGNORECASE,
)
_BOTH = re.compile(
    r"\b(?:(?:or|and) (?:no|false|yes|true)|maybe|but (?:also |actually |in fact |really )?(?:false|no|yes|true)\b)|或"
)
_NEGATION = re.compile(r"^(?:not|n't|never|并非|不是|并不)\s*", re.IGNORECASE)
_REASON = re.compile(r"^(?:[,.;:!。，；、( -]|$|because|since|as |因为|由于)", re.IGNORECASE)


def parse(text: str) -> bool | None:
    """The truth value that a reference `text` is, as a whole; None where it is anything else."""
    word = clean(text).strip(" .。!").lower()
    if word not in _REFERENCE or clean(text) == "NO":  # nitric oxide
        return None
    return word in _TRUE


def truth_of(answer: str) -> bool | None:
    """The truth value that `answer` begins with ("Yes, because …", "该说法不正确"); None: none, or both."""
    text = clean(answer).strip(" .。!*").lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    lead = _LEAD.match(text)
    rest = text[lead.end() :] if lead else text
    negated = _NEGATION.match(rest)
    if negated:
        rest = rest[negated.end() :]
    for length in range(min(len(rest), 9), 0, -1):
        word = rest[:length]
        after = rest[length:]
        if word in _SINGLE and after:
            continue
        if (word in _TRUE or word in _FALSE) and _REASON.match(after):
            if _BOTH.search(after[:30]):
                return None
            return (word in _TRUE) != bool(negated)
    return None


def compare(gold: bool, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Compares the truth value that `answer` states with the reference's."""
    stated = truth_of(answer)
    if stated is None:
        return unknown("truth", f"{shorten(answer)!r} states neither true nor false")
    words = {True: "true", False: "false"}
    if stated == gold:
        return right("truth", f"both are {words[gold]}")
    return wrong("truth", f"says {words[stated]}, the reference is {words[gold]}")
