"""Source files: the ones that come with the package, and what they do to rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sciinstruct.collection.config import CollectConfig
from sciinstruct.collection.reading import read_sources
from sciinstruct.collection.source_files import SourceFiles, built_in, read_source_files
from sciinstruct.errors import ConfigError, InputError
from sciinstruct.records import Question, Rejection


def rows_of(path: Path, tmp_path: Path, **options: object) -> list[Question | Rejection]:
    return list(read_sources([path], CollectConfig(out=tmp_path / "out", **options)))  # type: ignore[arg-type]


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_every_set_of_the_field_has_origin_and_licence() -> None:
    titles = {source.title for source in built_in()}
    assert titles >= {
        "SciBench", "TheoremQA", "MMLU-Pro", "SciEval", "GAOKAO-Bench", "AGIEval", "C-Eval", "CMMLU", "TAL-SCQ5K",
        "GSM8K", "MATH", "mathlib", "mathlib through LeanDojo", "SciInstruct",
    }  # fmt: skip
    assert all(source.origin.startswith("https://") and source.licence for source in built_in())
    names = [name for source in built_in() for name in source.names]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("mmlu_pro_stemez", "MMLU-Pro"),
        ("mmlu", "MMLU"),
        ("gsm8k_train", "GSM8K"),
        ("TIGER-Lab/MMLU-Pro", "MMLU-Pro"),
        ("mathlib4", "mathlib"),
        ("mathematics", None),
        ("my own set", None),
        (None, None),
    ],
)
def test_a_source_is_known_by_how_its_name_begins(name: str | None, title: str | None) -> None:
    found = SourceFiles().named(name)
    assert (found.title if found else None) == title


def test_licence_and_origin_go_with_each_question(tmp_path: Path) -> None:
    path = write(
        tmp_path / "scibench" / "atkins.jsonl", {"problem_text": "How much?", "answer_number": "2", "unit": "J"}
    )
    (found,) = rows_of(tmp_path / "scibench", tmp_path)
    assert isinstance(found, Question) and found.answer == "2 J" and found.licence == "MIT"
    assert found.source == "scibench" and "scibench" in found.meta["origin_url"]
    (alone,) = rows_of(path, tmp_path)
    assert alone.licence == "MIT"


def test_a_row_that_says_more_keeps_it(tmp_path: Path) -> None:
    row = {"question": "Why?", "answer": "2", "source": "elsewhere", "licence": "CC0-1.0"}
    (found,) = rows_of(write(tmp_path / "gsm8k.jsonl", row), tmp_path)
    assert (found.source, found.licence) == ("elsewhere", "CC0-1.0")


def test_the_answer_of_math_is_in_its_box(tmp_path: Path) -> None:
    rows = [
        {"problem": "Half?", "solution": r"So \boxed{1}, no: $\boxed{\frac{1}{2}}$.", "type": "Algebra", "level": "1"},
        {"problem": "What?", "solution": "no box"},
    ]
    first, second = rows_of(write(tmp_path / "competition_math.jsonl", *rows), tmp_path)
    assert (first.answer, second.answer) == (r"\frac{1}{2}", None)


def test_leandojo_rows_become_proofs(tmp_path: Path) -> None:
    tactic = {"tactic": "intro h", "state_before": "p : Prop\n⊢ p → p", "state_after": "h : p\n⊢ p"}
    rows = [
        {
            "full_name": "id_prop",
            "file_path": "a.lean",
            "traced_tactics": [tactic, {"tactic": "exact h", "state_before": "…"}],
        },
        {"full_name": "no_tactics", "file_path": "a.lean", "traced_tactics": []},
    ]
    first, second = rows_of(write(tmp_path / "leandojo_benchmark_4" / "train.jsonl", *rows), tmp_path)
    assert isinstance(first, Question) and first.type == "proof" and first.reasoning == "intro h\nexact h"
    assert "⊢ p → p" in first.question and first.licence == "CC BY 2.0"
    assert isinstance(second, Rejection) and "no traced tactics" in second.detail


def test_the_released_set_comes_with_its_reasoning(tmp_path: Path) -> None:
    (found,) = rows_of(write(tmp_path / "SciInstruct.jsonl", {"content": "Why?", "summary": "Because 2."}), tmp_path)
    assert isinstance(found, Question) and (found.question, found.reasoning) == ("Why?", "Because 2.")


def test_a_source_file_of_ones_own(tmp_path: Path) -> None:
    own = tmp_path / "exams.yaml"
    own.write_text(
        "title: Exams\nnames: [exams]\norigin: https://example.org\nlicence: MIT\nmapping: {text: question}\n"
    )
    path = write(tmp_path / "exams-2019.jsonl", {"text": "Why?", "answer": "2"})
    (found,) = rows_of(path, tmp_path, source_file=own)
    assert isinstance(found, Question) and found.question == "Why?" and found.licence == "MIT"
    (mapped,) = rows_of(path, tmp_path, map=("text=question",), default={"subject": "physics"})
    assert isinstance(mapped, Question) and mapped.subject == "physics"


@pytest.mark.parametrize(
    "text", ["title: X\n", "title: X\nnames: [x]\norigin: u\nlicence: l\ncolour: red\n", "- a\n", "a: [\n"]
)
def test_a_broken_source_file_is_named(tmp_path: Path, text: str) -> None:
    own = tmp_path / "mine.yaml"
    own.write_text(text)
    with pytest.raises(ConfigError, match=r"mine\.yaml"):
        read_source_files([own])


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    for name in ("none.jsonl", "none.md", "none.lean"):
        with pytest.raises(InputError, match="no such file"):
            rows_of(tmp_path / name, tmp_path)
