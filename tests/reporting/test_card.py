"""The data set card: its front matter is YAML that the hub reads, its counts are those of the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sciinstruct.errors import InputError
from sciinstruct.io import RunFolder, TableWriter, instruction_row
from sciinstruct.records import Instruction, Message, instruction_schema
from sciinstruct.reporting import write_card

MANIFEST: dict[str, Any] = {
    "state": "finished",
    "models": {"solve": "Qwen3-32B", "judge": "a|b<script>"},
    "prompts": {"en": {"version": "en-1", "digest": "x"}},
    "seed": 7,
    "versions": {"python": "3.11", "platform": "somewhere"},
    "usage": {"paid": {"dollars": 12.5}},
    "attrition": {
        "rows": 1_240,
        "duplicates": 3,
        "unusable": {"unusable": 7},
        "questions": 1_230,
        "accepted": 1_205,
        "rejected": 25,
        "open": 0,
        "stages": {
            "solve": {"entered": 1_230, "accepted": 1_000, "rejected": {"refused": 5}, "passed_on": 225},
            "reflect": {"entered": 225, "accepted": 205, "rejected": {"leak": 2, "wrong": 18}, "passed_on": 0},
        },
    },
}


def instruction(number: int, **fields: Any) -> Instruction:
    known: dict[str, Any] = {
        "id": str(number), "messages": (Message(role="user", content="q"), Message(role="assistant", content="a")),
        "question": "q", "reasoning": "a", "stage": "solve", "verdict": "right", "rule": "number", "language": "en",
        "subject": "physics", "source": "book", "licence": "Apache 2.0",
    }  # fmt: skip
    return Instruction(**{**known, **fields})


def card(folder: Path, instructions: list[Instruction], manifest: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The front matter and the text of a card."""
    with RunFolder.open(folder / "run", create=True) as run:
        run.write_manifest(manifest)
        with TableWriter(run.instructions, instruction_schema()) as table:
            table.write(map(instruction_row, instructions))
        write_card(run)
        _, front, text = run.card.read_text("utf-8").split("---\n", 2)
    return yaml.safe_load(front), text


def test_the_front_matter(tmp_path: Path) -> None:
    front, _ = card(tmp_path, [instruction(number) for number in range(1_205)], MANIFEST)
    assert front["language"] == ["en"]
    assert front["license"] == "apache-2.0"
    assert front["size_categories"] == ["1K<n<10K"]
    assert front["task_categories"] == ["text-generation", "question-answering"]
    assert {config["config_name"]: config["data_files"] for config in front["configs"]} == {
        "instructions": "instructions.parquet", "attempts": "attempts.parquet", "rejected": "rejected.parquet",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        (["MIT", "MIT"], "mit"),
        (["MIT", "CC BY 4.0"], "other"),
        (["MIT", None], "other"),
        (["CC BY-NC-SA 4.0"], "cc-by-nc-sa-4.0"),
        (["our own words"], "other"),
        ([None, None], None),
    ],
)
def test_a_licence_is_claimed_only_where_it_is_uniform(
    tmp_path: Path, licences: list[str | None], expected: str | None
) -> None:
    front, text = card(tmp_path, [instruction(number, licence=name) for number, name in enumerate(licences)], {})
    assert front.get("license") == expected
    for name in licences:
        assert f"| book | {name or 'not stated'} | {licences.count(name)} |" in text


def test_counts_and_attrition(tmp_path: Path) -> None:
    instructions = [
        *(instruction(number) for number in range(1_000)),
        *(instruction(number, stage="reflect", rule="judge", subject=None, language="zh") for number in range(200)),
        *(instruction(number, stage="given", verdict="unknown", rule="static", type="proof") for number in range(5)),
    ]
    front, text = card(tmp_path, instructions, MANIFEST)
    assert front["language"] == ["en", "zh"]
    assert (
        "1,205 science questions with step-by-step reasoning; "
        "final answers: 1,000 right by a rule, 200 right by an LLM judge, 5 not checked." in text
    )
    for row in (
        "| solve | right at the first try | 1,000 |",
        "| reflect | corrected after being told that it was wrong | 200 |",
        "| physics | 1,005 |",
        "| not stated | 200 |",
        "| zh | 200 |",
        "| judge | 200 |",
        "| rows read | 1,240 |",
        "| rows not used: unusable | 7 |",
        "| open | 0 |",
        "| solve | 1,230 | 1,000 | refused 5 | 225 |",
        "| reflect | 225 | 205 | leak 2, wrong 18 | 0 |",
    ):
        assert row in text
    assert "has not ended" not in text
    assert "12.5" not in text  # costs stay in the manifest
    assert "somewhere" not in text


def test_names_out_of_the_data_are_no_markup(tmp_path: Path) -> None:
    _, text = card(tmp_path, [instruction(1, source="x|y\n<img src=z>", subject="[a](b)")], MANIFEST)
    assert "| x\\|y &lt;img src=z&gt; | Apache 2.0 | 1 |" in text
    assert "| \\[a\\](b) | 1 |" in text
    assert "- judge: a\\|b&lt;script&gt;" in text


def test_a_run_that_was_stopped_and_one_without_instructions(tmp_path: Path) -> None:
    front, text = card(tmp_path, [], {"state": "stopped"})
    assert "The run has not ended: more may come." in text
    assert "0 science questions" in text
    assert front["size_categories"] == ["n<1K"]
    assert "language" not in front
    (tmp_path / "run" / "instructions.parquet").unlink()
    with pytest.raises(InputError, match=r"instructions\.parquet"):
        write_card(RunFolder.open(tmp_path / "run", lock=False))
