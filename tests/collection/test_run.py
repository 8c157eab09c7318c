"""The whole command on small files: what becomes of every row, and that the account adds up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sciinstruct
from sciinstruct.collection.run import Collected
from sciinstruct.errors import ConfigError, RunFolderError
from sciinstruct.io import read_questions, read_rejections
from sciinstruct.records import Question, Rejection

from .test_lean_check import STAND_IN

BENCHMARK = (
    "A crate of mass 12 kg is pulled across a rough floor by a rope with a tension of 80 N. How fast does it move?"
)
COOK = "A cook buys 14 boxes with 12 eggs each and uses 35 eggs a day. After how many days are there too few eggs left?"
ROWS: list[dict[str, Any]] = [
    {"id": "own", "question": "What is the boiling point of water at sea level, in degrees Celsius?", "answer": "100"},
    {"id": "leak", "question": BENCHMARK.replace("12 kg", "$12\\,\\mathrm{kg}$"), "answer": "3"},
    {"id": "template", "question": BENCHMARK.replace("12", "30").replace("80", "150"), "answer": "2"},
    {"id": "figure", "question": "In the figure, what is the current through the second lamp?", "answer": "2 A"},
    {"id": "cook", "question": COOK, "answer": "5"},
    {"id": "cook-again", "question": COOK.upper(), "answer": "4", "licence": "MIT"},
    {"id": "cook-near", "question": COOK.replace("A cook buys", "In a hotel a cook bought"), "answer": "4"},
    {"id": "cook-other", "question": COOK.replace("14", "20").replace("35", "41"), "answer": "5"},
    {"id": "own", "question": "How many protons are in the nucleus of a carbon atom?", "answer": "6"},
    {"id": "broken", "answer": "1"},
    {"statement": "theorem a : 1 = 1", "proof": "by rfl", "lean_version": 4, "meta": {"lean": {"checked": True}}},
]  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"source": "made", **row}) + "\n" for row in ROWS), encoding="utf-8")
    return path


@pytest.fixture
def against(tmp_path: Path) -> Path:
    path = tmp_path / "benchmarks" / "b" / "test.jsonl"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"question": "Who?"}) + "\n" + json.dumps({"question": BENCHMARK}) + "\n")
    return tmp_path / "benchmarks"


def kept_of(out: Path) -> dict[str, Question]:
    return {row.id: row for row in read_questions(out) if isinstance(row, Question)}


def rejected_of(out: Path) -> dict[str, Rejection]:
    return {row.id: row for row in read_rejections(out)}


@pytest.fixture
def collected(source: Path, against: Path, tmp_path: Path) -> Collected:
    return sciinstruct.collect(source, out=tmp_path / "out", against=against)


def test_every_row_is_accounted_for(collected: Collected) -> None:
    kept, rejected = kept_of(collected.out), rejected_of(collected.out)
    assert len(kept) + len(rejected) == len(ROWS)
    counts = collected.as_dict()
    assert counts["rows"] == len(ROWS) == sum(counts["outcomes"].values())
    assert counts["outcomes"]["kept"] == len(kept) == sum(row["kept"] for row in counts["sources"].values())
    assert all(row["rows"] == sum(row.values()) - row["rows"] for row in counts["sources"].values())
    manifest = json.loads((collected.out / "manifest.json").read_text())
    assert manifest["attrition"] == counts and manifest["verb"] == "collect"


def test_what_is_dropped_says_why(collected: Collected) -> None:
    rejected = rejected_of(collected.out)
    assert {id_: row.reason for id_, row in rejected.items()} == {
        "leak": "in a benchmark",
        "figure": "figure",
        "cook": "exact duplicate",
        "cook-near": "near duplicate",
        "broken": "unusable",
    }
    assert rejected["leak"].detail.startswith("b/test.jsonl#1: ") and rejected["leak"].stage == "contamination"
    assert rejected["broken"].line == 10
    # the copy with a licence is worth more than the one before it
    assert "cook-again of made is kept" in rejected["cook"].detail and "licence" in rejected["cook"].detail
    assert "answers differ: '5', kept '4'" in rejected["cook"].detail
    assert "differ" not in rejected["cook-near"].detail


def test_what_is_kept_carries_its_marks(collected: Collected) -> None:
    kept = kept_of(collected.out)
    assert kept["template"].meta["contamination"]["tier"] == "template"
    assert kept["template"].meta["contamination"]["match"] == "b/test.jsonl#1"
    assert kept["cook-other"].meta["template_of"] == "cook-again"
    (second,) = [row for id_, row in kept.items() if id_.startswith("own~")]
    assert second.meta["original_id"] == "own" and second.answer == "6"
    assert collected.marks["template of a benchmark question"] == collected.marks["template of another question"] == 1


def test_a_claim_to_be_checked_by_lean_is_dropped(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    sciinstruct.collect(source, out=out)
    (proof,) = [row for row in kept_of(out).values() if row.type == "proof"]
    assert "lean" not in proof.meta
    sciinstruct.collect(source, out=tmp_path / "lean", lean=STAND_IN)
    (proof,) = [row for row in kept_of(tmp_path / "lean").values() if row.type == "proof"]
    assert proof.meta["lean"]["checked"] is False


def test_options_change_what_is_dropped(source: Path, against: Path, tmp_path: Path) -> None:
    kept = kept_of(sciinstruct.collect(source, out=tmp_path / "a", figures="keep", duplicates="keep").out)
    assert {"figure", "leak", "cook", "cook-near"} <= kept.keys()
    kept = kept_of(sciinstruct.collect(source, out=tmp_path / "b", templates="drop").out)
    assert "cook-other" not in kept and "cook-again" in kept


def test_the_same_sources_give_the_same_files(source: Path, against: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        sciinstruct.collect(source, out=tmp_path / name, against=against)
    for file in ("questions.jsonl", "rejected.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert not list((tmp_path / "a").glob("*spool*"))


def test_annotate_reads_the_folder(collected: Collected, tmp_path: Path) -> None:
    replies = tmp_path / "replies.jsonl"
    replies.write_text("")
    run = sciinstruct.annotate(collected.out, model=f"recorded:{replies}", out=tmp_path / "run")
    attrition = run.summary.attrition
    assert attrition.questions == len(kept_of(collected.out))
    assert attrition.accepted["given"] == 1  # the proof, as it came


@pytest.mark.parametrize("options", [{"figures": "maybe"}, {"plant": -1}, {"map": "question"}, {"no_such": 1}])
def test_options_that_make_no_sense(source: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(options))):
        sciinstruct.collect(source, out=tmp_path / "out", **options)


def test_a_folder_with_other_things_is_not_written_into(source: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"rows\.jsonl"):
        sciinstruct.collect(source, out=tmp_path)


def cli(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sciinstruct", "collect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_on_the_command_line(source: Path, against: Path, tmp_path: Path) -> None:
    ran = cli(source, "--against", against, "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "template of a benchmark question: 1" in ran.stdout and "planted verbatim" in ran.stdout
    failed = cli("none.jsonl", "--out", tmp_path / "other")
    assert failed.returncode == 2 and "no such file" in failed.stderr


def test_several_fields_can_be_left_unread_or_share_a_column(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(
        '{"id": "a", "question": "What is 1 plus 1?", "answer": "2", "subject": "cooking", "kind": "sums"}\n'
    )
    out = tmp_path / "out"
    maps = ("none=id", "none=subject", "kind=topic", "kind=source")
    sciinstruct.collect(file, out=out, map=maps)
    row = json.loads((out / "questions.jsonl").read_text())
    assert row["id"] != "a" and row.get("subject") != "cooking"
    assert (row["topic"], row["source"]) == ("sums", "sums")
