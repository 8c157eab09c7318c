"""True or false, yes or no, in English and Chinese."""

from __future__ import annotations

import re

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["compare", "parse", "truth_of"]

_TRUE = frozenset(
    ["true", "yes", "correct", "right", "正确", "对", "是", "√", "是的", "对的", "t", "y", "真", "成立", "能", "可以", "会", "valid", "相同", "\\checkmark", "正确的", "有"]
)
_FALSE = frozenset(
    ["false", "no", "incorrect", "wrong", "错误", "错", "否", "×", "✗", "x", "不正确", "不对", "不是", "f", "n", "假", "不成立", "不能", "不可以", "不会", "invalid", "不相同", "不同", "\\times", "错误的", "没有"]
)
_SINGLE = frozenset(["t", "f", "y", "n", "x"])
# As a reference these are too ambiguous: "right" is a direction, "T" a variable, "有" a word.
_REFERENCE = (_TRUE | _FALSE) - _SINGLE - {
    "right",
    "wrong",
    "对",
    "能",
    "会",
    "有",
    "没有",
    "相同",
    "不同",
    "不相同",
    "\\times",
} | {"对"}
_LEAD = re.compile(
    r"^(?:the )?(?:(?:final )?answer|statement|claim|assertion|conclusion|it|this|that|该|此|这个|这种|上述|以上|题中|这|因此|所以|故)? ?"
    r"(?:的?说法|判断|结论|命题|叙述|表述|观点|statement)?(?: ?(?:is|was|are|:|是|为))? ?",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"([a-z]+|√|×|✗|\\checkmark|\\times|不?[正错对否是真假成能可会相有没][\u4e00-\u9fff]{0,2})", re.IGNORECASE
)
_NEGATION = re.compile(r"^(?:not|n't|never|并非|不是|并不)\s*", re.IGNORECASE)
_REASON = re.compile(r"^(?:[,.;:!。，；、( -]|$|because|since|as |因为|由于)", re.IGNORECASE)


def parse(text: str) -> bool | None:
    """The truth value that a reference `text` is, as a whole; None where it is anything else."""
    word = clean(text).strip(" .。!").lower()
    if word not in _REFERENCE:
        return None
    return word in _TRUE


def truth_of(answer: str) -> bool | None:
    """The truth value that `answer` begins with ("Yes, because …", "该说法不正确"); None where it states none or both."""
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
            if re.search(r"\b(?:or (?:no|false|yes|true)|maybe|but (?:also )?(?:false|no|yes|true)\b)|或", after[:30]):
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
