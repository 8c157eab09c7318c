"""Pairs of a reference and an answer with what is expected; an expected "no" may be wrong or unknown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sciinstruct.verification import Verifier, same_answer

PAIRS = [json.loads(line) for line in Path(__file__).with_name("pairs.jsonl").read_text("utf-8").splitlines()]
KINDS = sorted({pair["kind"] for pair in PAIRS})
OPTIONS = {"A": "5 m/s", "B": "10 m/s", "C": "20 m/s", "D": "none of the above"}


@pytest.mark.parametrize("kind", KINDS)
def test_own_rules_decide_as_expected(kind: str) -> None:
    verifier = Verifier()
    surprises = [
        (pair["id"], pair["gold"], pair["prediction"], verdict)
        for pair in PAIRS
        if pair["kind"] == kind
        and (verdict := verifier.check(pair["gold"], prediction=pair["prediction"]))
        and (verdict.value == "right") != pair["expected"]
    ]
    assert surprises == []


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("B", "10 m/s", "right"),
        ("B", "The answer is 10 m/s.", "right"),
        ("B", "36 km/h", "right"),
        ("B", "B. 10 m/s", "right"),
        ("B", "C. 10 m/s", "unknown"),
        ("B", "20 m/s", "wrong"),
        ("B", "15 m/s", "unknown"),
        ("B", "Both A and B", "unknown"),
        ("D", "none of the above", "right"),
        ("10 m/s", "B", "right"),
        ("B", "(b)", "right"),
        ("AC", "A和C", "right"),
        ("AC", "A", "wrong"),
    ],
)
def test_choices_by_letter_or_by_the_options_text(gold: str, answer: str, value: str) -> None:
    assert Verifier().check(gold, prediction=answer, options=OPTIONS).value == value


def test_equivalence_examples(data: Path) -> None:
    """All but the ones argued against in docs/verify.md (none)."""
    verifier = Verifier()
    rows = _rows(data / "verify" / "equivalence_examples.jsonl")
    surprises = [
        (row["id"], verdict)
        for row in rows
        if (verdict := verifier.check(row["gold"], prediction=row["prediction"]))
        and (verdict.value == "right") != row["expected"]
    ]
    assert surprises == []


@pytest.mark.parametrize(
    ("name", "least_right", "most_false"),
    [
        ("mmlupro_free_human", 122, 1),
        ("yale_physics_relabelled", 37, 0),
        ("gaokao_fill_zh_gpt4labelled", 30, 0),
        ("gaokao_mcq_zh", 233, 1),
    ],
)
def test_labelled_pairs(data: Path, name: str, least_right: int, most_false: int) -> None:
    verifier = Verifier()
    right = {True: 0, False: 0}
    for row in _rows(data / "verify" / f"{name}.jsonl"):
        verdict = verifier.check(row["gold"], prediction=row["pred"], question=row["question"])
        right[row["label"]] += verdict.value == "right"
    assert right[True] >= least_right
    assert right[False] <= most_false


def test_plain_number_references_of_the_human_labelled_set(data: Path) -> None:
    """Of the true pairs whose reference is a plain number, at least 95 % are accepted."""
    verifier = Verifier()
    verdicts = [
        verifier.check(row["gold"], prediction=row["pred"]).value
        for row in _rows(data / "verify" / "mmlupro_free_human.jsonl")
        if row["label"] and row["gold"].strip().replace(",", "").replace(".", "").lstrip("-").isdigit()
    ]
    assert len(verdicts) > 20
    assert verdicts.count("right") / len(verdicts) >= 0.95


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("0.5 m", "50 cm", True),
        ("5", "6", False),
        ("x^2-1", "(x-1)(x+1)", True),
        ("B", "B", True),
        ("1/2", "0.5", True),
    ],
)
def test_two_samples_agree_in_either_order(first: str, second: str, same: bool) -> None:
    assert same_answer(first, second) is same
    assert same_answer(second, first) is same


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
