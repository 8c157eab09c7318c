from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sciinstruct
from sciinstruct.annotation.statistics import bootstrap_sums, paired_p, share

from .making import write_case


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_share_lies_in_its_interval(hits: int, more: int) -> None:
    made = share(hits, hits + more)
    assert 0 <= made.low <= made.high <= 1
    if made.total:
        assert made.low - 1e-9 <= hits / made.total <= made.high + 1e-9


def test_wilson_of_a_known_case() -> None:
    made = share(8, 10)
    assert (round(made.low, 4), round(made.high, 4)) == (0.4902, 0.9433)  # Newcombe 1998, table I method 3
    assert str(share(0, 0)) == "no case"


def test_mcnemar_of_known_cases() -> None:
    assert paired_p(0, 0) == 1.0
    assert paired_p(5, 5) == 1.0
    assert paired_p(10, 0) == pytest.approx(2 / 1024)


def test_the_bootstrap_range_covers_what_comes_nine_times_in_ten() -> None:
    chance = random.Random(1)
    covered = 0
    for trial in range(200):
        pilot = [chance.expovariate(1.0) for _ in range(60)]
        low, middle, high = bootstrap_sums(pilot, 500, seed=trial, draws=200)
        assert low <= middle <= high
        covered += low <= sum(chance.expovariate(1.0) for _ in range(500)) <= high
    assert 0.82 <= covered / 200 <= 0.97


def test_a_plan_measures_a_pilot_and_the_run_goes_on_from_it(tmp_path: Path) -> None:
    questions, replies = write_case(tmp_path, 120)
    options = {"model": f"recorded:{replies}", "price": {"replies": (1000.0, 2000.0)}, "out": tmp_path / "run"}
    planned = sciinstruct.annotate(questions, plan=True, pilot=40, **options).summary
    assert planned.state == "planned" and planned.attrition.open == 80
    forecast = planned.manifest["forecast"]
    assert (forecast["measured"], forecast["remaining"]) == (40, 80)
    assert forecast["stages"]["solve"]["calls"] == [80, 80, 80]
    again = sciinstruct.annotate(questions, plan=True, pilot=40, **options).summary
    assert again.manifest["usage"]["paid"]["calls"] == 0, "the same pilot, nothing paid twice"
    finished = sciinstruct.annotate(questions, **options).summary
    spent = finished.manifest["forecast"]["spent_since"]
    low, _, high = forecast["total"]["calls"]
    assert low <= spent["calls"] <= high
    low, _, high = forecast["total"]["dollars"]
    assert low <= spent["cost"] <= high
    assert finished.attrition.open == 0 and finished.manifest["usage"]["total"]["calls"] == 270


def test_controls_are_in_the_summary_and_their_calls_are_apart(tmp_path: Path) -> None:
    questions, replies = write_case(tmp_path, 40)
    with replies.open("a") as file:
        for number in range(40):
            file.write(
                f'{{"question_id": "q{number}", "stage": "control", "text": "It is \\\\boxed{{{number + 1}}}"}}\n'
            )
    run = {"questions": questions, "model": f"recorded:{replies}", "out": tmp_path / "run"}
    sciinstruct.annotate(**run).summary  # type: ignore[arg-type]  # noqa: B018
    summary = sciinstruct.annotate(**run, controls=100).summary  # type: ignore[arg-type]
    controls = summary.manifest["controls"]
    assert controls["questions"] == 30, "all whose first solution was wrong"
    assert (controls["resampled"]["hits"], controls["reflected"]["hits"]) == (30, 10)
    assert controls["copied"]["hits"] == 0, "the recorded control replies never follow the wrong reference"
    assert summary.manifest["usage"]["by_stage"]["control"]["calls"] == 60
    again = sciinstruct.annotate(**run, controls=100).summary  # type: ignore[arg-type]
    assert again.manifest["usage"]["paid"]["calls"] == 0 and again.manifest["controls"] == controls
