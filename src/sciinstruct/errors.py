"""Every exception that sciinstruct raises on purpose.

    SciInstructError
    ├── InputError               a question file, a row, a labelled file
    ├── ConfigError              an option, a YAML key, a model spec, a prompt file
    ├── MissingExtraError        an optional dependency is not installed
    ├── RunFolderError           the run folder or ledger cannot be used (locked, foreign, unwritable, too old)
    └── ModelError               a model gave no reply
        ├── RequestRefusedError  the server refused this one request (400, 404, content filter); its words are kept
        ├── TransportError       retries are used up (time-out, connection, 5xx); the same command tries again
        └── RunPausedError       nothing can go on (401, 402, 403, exhausted quota, no server)
            └── BudgetReachedError  the budget or the number of calls that was asked for is used up

A message names what was wrong (file, line, field, value) and what to do about it.
"""

from __future__ import annotations

__all__ = [
    "BudgetReachedError",
    "ConfigError",
    "InputError",
    "MissingExtraError",
    "ModelError",
    "RequestRefusedError",
    "RunFolderError",
    "RunPausedError",
    "SciInstructError",
    "TransportError",
]


class SciInstructError(Exception):
    """Base of all errors below; the CLI prints it as one line and exits with status 2."""


class InputError(SciInstructError):
    """Input that cannot be read as what it should be."""


class ConfigError(SciInstructError):
    """An option whose value makes no sense; names the option, the value and the accepted values."""


class MissingExtraError(SciInstructError):
    """A feature whose optional dependency is missing; says what to install."""

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(f"{feature} needs the package {package!r}: pip install 'sciinstruct[{extra}]'")


class RunFolderError(SciInstructError):
    """The run folder or the ledger cannot be used."""


class ModelError(SciInstructError):
    """A model gave no reply."""


class RequestRefusedError(ModelError):
    """The server refused this one request; neighbours are untouched.

    Args:
        message: The server's own words.
        reason: Short reason for the rejected question: `refused` or `content-filter`.
    """

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class TransportError(ModelError):
    """No reply after all retries; running the same command again tries again."""


class RunPausedError(ModelError):
    """The endpoint will serve nobody until a person acts (key, credit, permission)."""


class BudgetReachedError(RunPausedError):
    """The run has spent what it may: `--budget` or `--max-calls`."""
