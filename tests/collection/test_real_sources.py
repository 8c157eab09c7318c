"""All real question files in one run: every row accounted for, the known overlaps found. Needs SCIINSTRUCT_DATA."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import sciinstruct
from sciinstruct.collection.run import Collected
from sciinstruct.io import read_questions, read_rejections
from sciinstruct.records import Question

# Read by hand: the same question in other words or with the name of an exam; the rest of the list shares a stem only.
SAME = {
    "cmmlu/test/electrical_engineering/5",
    "tal_scq5k/ch/3a0b481eb63c41a2a5a530aff1ff7fd3",
    "tal_scq5k/en/df58d69ab0c44a62a02667ad08fd6b28",
    "tal_scq5k/en/3612e2e1b770400ebd328622a8ff2c2e",
    "tal_scq5k/en/2d891671aff94c0ba31d6d85250c68c4",
    "tal_scq5k/en/6995a76f7281441daecf55f18cafe426",
    "tal_scq5k/en/d4ec3b8cda7148c0a16cc37e42785c43",
    "tal_scq5k/en/00f9ce38963f4a39ab403073204edfc8",
    "tal_scq5k/en/94e99e694b3442318ed50091af2f248d",
    "tal_scq5k/en/a320dee04e1e4374a71d21a4cd8dee40",
    "tal_scq5k/en/bb9416c5d7984a8ea40c018554e3377c",
    "tal_scq5k/en/f2a03f7cfe02484b9790140f0ff89d06",
    "tal_scq5k/en/d90f402035474c86ab7475f508261b9a",
}
TEMPLATES = {"gsm8k_train/1314", "gsm8k_train/5162"}


@pytest.fixture(scope="module")
def collected(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Collected:
    files = [path for path in sorted((data / "questions").iterdir()) if path.name != "known_overlaps.jsonl"]
    out = tmp_path_factory.mktemp("collected") / "out"
    return sciinstruct.collect(files, out=out, against=data / "benchmarks", plant=50)


def test_every_row_is_kept_or_explained(collected: Collected) -> None:
    counts = collected.as_dict()
    assert counts["rows"] == 29_420 and counts["outcomes"]["unusable"] == 0
    assert counts["kept"]["with reasoning (a proof)"] >= 9_290
    rejected = list(read_rejections(collected.out))
    assert len(rejected) + counts["outcomes"]["kept"] == 29_420
    assert all(row.reason and row.detail for row in rejected)


def test_every_question_has_a_licence_and_tags(collected: Collected) -> None:
    for row in read_questions(collected.out):
        assert isinstance(row, Question) and row.licence and row.source and row.meta["origin_url"]
        assert row.type in ("multiple_choice", "fill_in", "simple", "complex", "proof") and row.subject


def test_the_known_overlaps(collected: Collected, data: Path) -> None:
    listed = {json.loads(line)["id"] for line in (data / "questions" / "known_overlaps.jsonl").open()}
    dropped = {row.id for row in read_rejections(collected.out) if row.reason == "in a benchmark"}
    flagged = {
        row.id for row in read_questions(collected.out) if isinstance(row, Question) and "contamination" in row.meta
    }
    assert dropped & listed == SAME
    assert flagged & listed == TEMPLATES


def test_planted_leaks(collected: Collected) -> None:
    figures = collected.planted
    assert figures["verbatim"]["same"] >= 0.95
    assert figures["relettered"]["same"] >= 0.8 and figures["reworded"]["same"] >= 0.8
    assert figures["numbers"]["template"] >= 0.8
    assert figures["clean"]["same"] + figures["clean"]["template"] < 0.02
