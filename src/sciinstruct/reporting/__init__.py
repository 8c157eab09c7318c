"""What a run looks like from outside: the data set card."""

from __future__ import annotations

from .card import write_card

__all__ = ["write_card"]
