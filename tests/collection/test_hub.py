"""Data sets through the real loader of `datasets`, from a local folder; what is said without the package."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from sciinstruct.collection.config import CollectConfig
from sciinstruct.collection.reading import read_sources
from sciinstruct.errors import InputError, MissingExtraError
from sciinstruct.records import Question, Rejection

ROWS = [{"question": "What is 1 + 1?", "answer": "2"}, {"question": "What is 2 + 2?", "answer": "4"}, {"question": ""}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "gsm8k"
    path.mkdir()
    (path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.mark.ml
def test_a_set_is_streamed_by_the_real_loader(folder: Path, tmp_path: Path) -> None:
    rows = list(read_sources([f"hf:{folder}"], CollectConfig(out=tmp_path / "out")))
    questions = [row for row in rows if isinstance(row, Question)]
    assert [row.answer for row in questions] == ["2", "4"]
    assert {(row.licence, row.source) for row in questions} == {("MIT", "gsm8k")}
    (broken,) = [row for row in rows if isinstance(row, Rejection)]
    assert broken.file == f"hf:{folder}" and broken.line == 3


@pytest.mark.ml
def test_a_split_by_name_and_one_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    assert len(list(read_sources([f"hf:{folder}@train"], CollectConfig(out=tmp_path / "out")))) == 3
    with pytest.raises(InputError, match="cannot be loaded"):
        list(read_sources([f"hf:{folder}@no_such_split"], CollectConfig(out=tmp_path / "out")))


@pytest.mark.skipif(importlib.util.find_spec("datasets") is not None, reason="the extra is installed")
def test_without_the_extra(tmp_path: Path) -> None:
    with pytest.raises(MissingExtraError, match=r"sciinstruct\[datasets\]"):
        list(read_sources(["hf:org/name"], CollectConfig(out=tmp_path / "out")))


def test_without_numpy(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(json.dumps(ROWS[0]))
    program = (
        "import sys; sys.modules['numpy'] = None\n"
        "import sciinstruct\n"
        "try: sciinstruct.collect('q.jsonl', out='out')\n"
        "except sciinstruct.SciInstructError as error: print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "sciinstruct[collect]" in ran.stdout, ran.stderr
