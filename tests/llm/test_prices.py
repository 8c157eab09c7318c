from __future__ import annotations

import pytest

from sciinstruct.errors import ConfigError
from sciinstruct.llm import Price, cost, read_prices
from sciinstruct.records import Reply

REPLY = Reply(
    text="", prompt_tokens=1_000_000, cached_tokens=400_000, completion_tokens=500_000, reasoning_tokens=100_000
)


@pytest.mark.parametrize(
    ("price", "dollars"),
    [
        (Price(input=1.0, output=2.0), 2.0),
        (Price(input=1.0, output=2.0, cached=0.25), 0.6 + 0.1 + 1.0),
        (Price(input=1.0, output=2.0, reasoning=3.0), 1.0 + 0.8 + 0.3),
        (Price(input=0.0, output=0.0375), 0.01875),
    ],
)
def test_cost(price, dollars):
    assert cost(REPLY, price) == pytest.approx(dollars, rel=1e-12)


def test_prices_from_a_config():
    prices = read_prices({"a": {"input": "0.25", "output": 2}, "b": Price(input=0, output=0)})
    assert prices == {"a": Price(input=0.25, output=2.0), "b": Price(input=0, output=0)}


@pytest.mark.parametrize(
    "fields", [{"input": 1}, {"input": 1, "output": -2}, {"input": 1, "output": 2, "cashed": 1}, 3]
)
def test_a_price_that_is_none_names_its_model(fields):
    with pytest.raises(ConfigError, match="'gpt-x'"):
        read_prices({"gpt-x": fields})
