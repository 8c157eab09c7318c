"""Does this answer equal that one? Extraction, one comparator per answer type, the judge's prompt."""

from __future__ import annotations

from sciinstruct.verification.checkable import Checkable, checkable
from sciinstruct.verification.extraction import Extraction, extract
from sciinstruct.verification.judge import JUDGE_VERSION, agree, judge_messages, parse_judgement
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.verifier import RULES_VERSION, Verifier, same_answer, verify

__all__ = [
    "JUDGE_VERSION",
    "RULES_VERSION",
    "Checkable",
    "Extraction",
    "Policy",
    "Verifier",
    "agree",
    "checkable",
    "extract",
    "judge_messages",
    "parse_judgement",
    "same_answer",
    "verify",
]
