"""Can a question's reference be checked at all?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sciinstruct.records import Question
from sciinstruct.verification.normalise import ANSWER_LIMIT, clean
from sciinstruct.verification.reference import read_reference

__all__ = ["Checkable", "checkable"]


@dataclass(frozen=True, slots=True)
class Checkable:
    """Whether the rules can check answers to a question, why not, and the type of its reference."""

    value: bool
    reason: str
    answer_type: str


_PROOF = re.compile(r"\b(?:prove|show) that\b|\bprove\b|证明|求证", re.IGNORECASE)
_FIGURE = re.compile(
    r"\b(?:in|from|see|the|following) (?:the )?(?:figure|diagram|graph|picture|sketch|plot)\b|\bas shown\b|"
    r"\bshown (?:below|above|in fig)|如(?:下|右|左|上)?图|图(?:中|示|所示|[0-9一二三甲乙])",
    re.IGNORECASE,
)
_DRAW = re.compile(
    r"^\s*(?:draw|sketch|plot|describe|explain|discuss|compare|why|derive)\b|画出|作图|简述|说明理由|解释",
    re.IGNORECASE,
)
_LONG_TEXT = 120


def checkable(question: Question) -> Checkable:
    """Says whether the rules can decide answers to `question`: its reference exists and is of a type they read."""
    gold = question.answer
    if gold is None or not gold.strip():
        return Checkable(False, "no reference answer", "none")
    if len(gold) > ANSWER_LIMIT:
        return Checkable(False, f"the reference is longer than {ANSWER_LIMIT} characters", "prose")
    reference = read_reference(gold, question.question, question.options)
    rule = reference.rule
    if question.meta.get("mentions_figure") or _FIGURE.search(question.question):
        return Checkable(False, "the question speaks of a figure", rule)
    if rule == "choice":
        return Checkable(True, "", rule)
    if _PROOF.search(question.question):
        return Checkable(False, "a proof is asked for", "proof")
    if rule == "text":
        if len(clean(gold)) > _LONG_TEXT or _DRAW.search(question.question):
            return Checkable(False, "the reference is prose", "prose")
        return Checkable(True, "short text: only the same words are accepted by rule", rule)
    if rule == "number" and _asks_for_unit(question.question):
        return Checkable(True, "the reference has no unit: only its number is compared", rule)
    return Checkable(True, "", rule)


def _asks_for_unit(question: str) -> bool:
    return bool(
        re.search(
            r"\b(?:speed|velocity|force|energy|power|mass|temperature|pressure|voltage|current|distance|wavelength)\b",
            question,
            re.IGNORECASE,
        )
    )
