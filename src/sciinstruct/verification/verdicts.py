"""Short constructors of the three verdicts."""

from __future__ import annotations

from sciinstruct.records import Verdict

__all__ = ["right", "shorten", "unknown", "wrong"]


def right(rule: str, reason: str, extracted: str | None = None) -> Verdict:
    return Verdict("right", rule, reason, extracted)


def wrong(rule: str, reason: str, extracted: str | None = None) -> Verdict:
    return Verdict("wrong", rule, reason, extracted)


def unknown(rule: str, reason: str, extracted: str | None = None) -> Verdict:
    return Verdict("unknown", rule, reason, extracted)


def shorten(text: str, limit: int = 60) -> str:
    """`text` for use in a reason: at most `limit` characters."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
