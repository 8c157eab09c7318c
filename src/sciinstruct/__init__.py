"""From science questions with short answers to a verified instruction set with step-by-step reasoning.

One function per verb (`annotate`, `verify`, …), the record types, and the errors. Everything heavy is loaded when it is
first used, so that `import sciinstruct` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "Attempt": "records",
    "Instruction": "records",
    "Question": "records",
    "Rejection": "records",
    "Reply": "records",
    "Request": "records",
    "SciInstructError": "errors",
    "Verdict": "records",
    "annotate": "pipeline",
    "collect": "pipeline",
    "verify": "verification",
}

__all__ = [
    "Attempt",
    "Instruction",
    "Question",
    "Rejection",
    "Reply",
    "Request",
    "SciInstructError",
    "Verdict",
    "annotate",
    "collect",
    "verify",
]

if TYPE_CHECKING:
    from .errors import SciInstructError
    from .pipeline import annotate, collect
    from .records import Attempt, Instruction, Question, Rejection, Reply, Request, Verdict
    from .verification import verify


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'sciinstruct' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return __all__
