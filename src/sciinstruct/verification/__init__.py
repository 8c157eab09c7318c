"""Does this answer equal that one? Extraction of the final answer, one comparator per answer type, the judge's prompt.

The rules are loaded when they are first used, so that this package stays light to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

_HOMES = {
    "Checkable": "checkability",
    "Extraction": "extraction",
    "JUDGE_VERSION": "judge",
    "Policy": "policy",
    "RULES_VERSION": "verifier",
    "Verifier": "verifier",
    "agree": "judge",
    "checkable": "checkability",
    "extract": "extraction",
    "judge_messages": "judge",
    "parse_judgement": "judge",
    "same_answer": "verifier",
    "strip_thinking": "extraction",
    "verify": "verifier",
}

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
    "strip_thinking",
    "verify",
]

if TYPE_CHECKING:
    from .checkability import Checkable, checkable
    from .extraction import Extraction, extract, strip_thinking
    from .judge import JUDGE_VERSION, agree, judge_messages, parse_judgement
    from .policy import Policy
    from .verifier import RULES_VERSION, Verifier, same_answer, verify


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sciinstruct.verification' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)
