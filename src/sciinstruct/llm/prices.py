"""What a call costs: dollars per million tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..errors import ConfigError
from ..records import Reply

__all__ = ["Price", "cost", "read_prices"]


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Dollars per million tokens of one model; fractions are welcome.

    Cached prompt tokens cost `input` and reasoning tokens cost `output` where no price of their own is given.
    """

    input: float
    output: float
    cached: float | None = None
    reasoning: float | None = None

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if value is not None and not 0 <= value < float("inf"):
                raise ValueError(f"{field} = {value} is no price: give dollars per million tokens, zero or more")


def cost(reply: Reply, price: Price) -> float:
    """Dollars for one reply, by the tokens that the server counted."""
    cached = price.input if price.cached is None else price.cached
    reasoning = price.output if price.reasoning is None else price.reasoning
    fresh = reply.prompt_tokens - reply.cached_tokens
    spoken = reply.completion_tokens - reply.reasoning_tokens
    return (
        fresh * price.input + reply.cached_tokens * cached + spoken * price.output + reply.reasoning_tokens * reasoning
    ) / 1e6


def read_prices(table: Mapping[str, Any]) -> dict[str, Price]:
    """Prices by model name, from a config's `{name: {input: …, output: …, cached: …, reasoning: …}}`.

    Raises:
        ConfigError: Names the model and the field that is missing, unknown or no price.
    """
    prices = {}
    for name, fields in table.items():
        try:
            prices[name] = fields if isinstance(fields, Price) else msgspec.convert(fields, Price, strict=False)
        except msgspec.ValidationError as error:
            raise ConfigError(
                f"price of {name!r}: {error}; give input and output in dollars per million tokens"
            ) from None
    return prices
