"""Benchmark questions are found again: verbatim, restyled, re-lettered, reworded, with other numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciinstruct.collection.contamination import Benchmarks, read_benchmarks
from sciinstruct.collection.contents import content_of
from sciinstruct.collection.planting import KINDS, Leaks, Sample
from sciinstruct.records import Question


@pytest.fixture(scope="module")
def benchmarks(examples: Path) -> Benchmarks:
    return Benchmarks(read_benchmarks([examples / "demo" / "questions.jsonl"]))


@pytest.fixture(scope="module")
def sample(examples: Path) -> list[Question]:
    sample = Sample(100, seed=1)
    list(sample.watch(read_benchmarks([examples / "demo" / "questions.jsonl"])))
    return sample.questions


def test_places_count_rows_from_zero(examples: Path) -> None:
    places = [place for place, _ in read_benchmarks([examples / "demo"])]
    assert places[0] == "questions.jsonl#0" and len(places) > 40


def test_planted_leaks_are_found(benchmarks: Benchmarks, sample: list[Question]) -> None:
    figures = Leaks(sample, seed=3).measure(benchmarks)
    assert set(figures) == {*KINDS, "clean"}
    assert figures["verbatim"]["same"] == 1
    assert figures["relettered"]["planted"] and figures["relettered"]["same"] == 1
    assert figures["notation"]["same"] >= 0.95
    assert figures["reworded"]["same"] >= 0.8
    assert figures["numbers"]["template"] + figures["numbers"]["same"] >= 0.8
    assert figures["clean"]["planted"] and figures["clean"]["same"] == 0


def test_the_recipe_is_seeded(sample: list[Question]) -> None:
    assert Leaks(sample, 5).planted("reworded") == Leaks(sample, 5).planted("reworded")
    assert Leaks(sample, 5).planted("reworded") != Leaks(sample, 6).planted("reworded")
    assert all(leak.question != question.question for leak, question in zip(Leaks(sample).planted("numbers"), [
        question for question in sample if any(sign.isdigit() for sign in question.question)
    ], strict=False))  # fmt: skip


def test_a_question_of_its_own_is_not_found(benchmarks: Benchmarks) -> None:
    own = Question(
        id="x", question="Why do the lids of jam jars make a popping sound when a jar is opened for breakfast?"
    )
    assert benchmarks.find([content_of(own)]) == [None]


def test_one_of_a_large_family_is_found_by_its_numbers() -> None:
    rows = [
        (f"made#{n}", Question(id=str(n), question=f"What is the total mass of {n} bricks and {n * 7 + 3} tiles?"))
        for n in range(300)
    ]
    found = Benchmarks(rows).find([content_of(Question(id="x", question=rows[217][1].question.upper()))])
    assert found[0] is not None and (found[0].match, found[0].alike.tier) == ("made#217", "same")


def test_without_benchmarks_nothing_is_found() -> None:
    assert Benchmarks([]).find([content_of(Question(id="x", question="What is 2 + 2?"))]) == [None]
