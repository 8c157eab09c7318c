"""Models that answer a `Request`, the limits they are used within, and the ledger of every paid call.

The fault-injecting server for tests is `sciinstruct.llm.fault_server`.
"""

from __future__ import annotations

from .client import Client, Stats
from .ledger import Entry, LayeredLedger, Ledger, ReadLedger, Tally, open_ledger, read_ledger
from .model import Call, Model, ModelOptions, open_model
from .prices import Price, cost, read_prices

__all__ = [
    "Call",
    "Client",
    "Entry",
    "LayeredLedger",
    "Ledger",
    "Model",
    "ModelOptions",
    "Price",
    "ReadLedger",
    "Stats",
    "Tally",
    "cost",
    "open_ledger",
    "open_model",
    "read_ledger",
    "read_prices",
]
