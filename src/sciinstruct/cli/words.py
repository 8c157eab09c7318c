"""Figures of a run in words: the forecast of a pilot and the controls of the loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["control_lines", "forecast_lines"]

Figures = dict[str, Any]


def forecast_lines(forecast: Figures) -> Iterator[str]:
    """What the rest of the run takes by stage, as ranges; after it has run, what it did take beside them."""
    total, hours = forecast["total"], forecast["hours"]
    yield ""
    yield (
        f"Forecast for {forecast['remaining']:,} questions, from {forecast['measured']:,} measured ones "
        "middle (5 % – 95 % of what may come):"
    )
    yield f"{'':<10}{'calls':>24}{'prompt tokens':>30}{'completion tokens':>30}{'dollars':>26}"
    for stage, spans in [*forecast["stages"].items(), ("total", total)]:
        cells = (_span(spans["calls"]), _span(spans["prompt_tokens"]), _span(spans["completion_tokens"]))
        dollars = _dollars(spans["dollars"])
        yield f"{stage:<10}{cells[0]:>24}{cells[1]:>30}{cells[2]:>30}{dollars:>26}"
    low, middle, high = map(_time, hours)
    yield f"time at {forecast['concurrency']} in flight: {middle} ({low} – {high})"
    for reason, count in forecast["uncheckable"].items():
        yield f"no rule can check {count:,} references ({reason}): without --judge these end as unverified"
    if "spent_since" in forecast:
        yield _spent(forecast["spent_since"], total)


def control_lines(controls: Figures) -> Iterator[str]:
    """The two controls with their intervals, and what they mean."""
    yield ""
    yield f"Controls on {controls['questions']:,} questions whose first solution was wrong (95 % intervals):"
    yield f"  mended by reflection:                    {_share(controls['reflected'])}"
    yield f"  mended by solving again, as many calls:  {_share(controls['resampled'])}"
    yield (
        f"  reflection alone mended {controls['only_reflected']}, solving again alone {controls['only_resampled']} "
        f"(McNemar's exact p = {controls['paired_p']:.3f})"
    )
    yield f"  arrived at a wrong reference when shown: {_share(controls['copied'])}"
    if controls["copied"]["hits"]:
        yield f"    of these, refused by the leak test:    {controls['copied_and_told']}"


def _span(span: list[float]) -> str:
    low, middle, high = span
    return f"{middle:,.0f} ({low:,.0f} – {high:,.0f})"


def _dollars(span: list[float]) -> str:
    low, middle, high = span
    return f"{middle:,.2f} ({low:,.2f} – {high:,.2f})" if high else "no price given"


def _time(hours: float) -> str:
    seconds = hours * 3600
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{hours:.1f} h"


def _share(share: Figures) -> str:
    if not share["total"]:
        return "no case"
    rate = share["hits"] / share["total"]
    return f"{share['hits']}/{share['total']} = {rate:.0%} [{share['low']:.0%}, {share['high']:.0%}]"


def _spent(spent: Figures, total: Figures) -> str:
    within = total["calls"][0] <= spent["calls"] <= total["calls"][2]
    line = f"since the forecast: {spent['calls']:,} calls ({'within' if within else 'outside'} its range), "
    line += f"{spent['prompt_tokens']:,} prompt and {spent['completion_tokens']:,} completion tokens"
    return line + (f", ${spent['cost']:,.2f}" if spent["cost"] else "")
