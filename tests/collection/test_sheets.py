"""Problem sheets with answer keys, in Markdown and LaTeX."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciinstruct.collection.sheets import read_sheet
from sciinstruct.errors import InputError
from sciinstruct.records import Question, Rejection


def test_the_markdown_example(examples: Path) -> None:
    rows = list(read_sheet(examples / "collect" / "mechanics.md", {}))
    assert [row.answer for row in rows] == [r"$2.5\ \mathrm{m/s^2}$", "44.1 m", "B", "True"]
    first, _, third, _ = rows
    assert isinstance(first, Question) and first.question.endswith("neglected. What is its acceleration?")
    assert isinstance(third, Question) and third.options == {
        "A": "kinetic energy",
        "B": "total momentum",
        "C": "the speed of each body",
        "D": "potential energy",
    }
    assert {(row.subject, row.licence, row.source) for row in rows} == {("physics", "CC0-1.0", "example-sheet")}


def test_the_latex_example(examples: Path) -> None:
    rows = list(read_sheet(examples / "collect" / "chemistry.tex", {}))
    assert [row.answer for row in rows] == ["0.10 mol", "3", "C", r"$0.50~\mathrm{L}$"]
    assert all(isinstance(row, Question) and row.subject == "chemistry" for row in rows)
    assert rows[2].options == {
        "A": r"$\mathrm{N_2}$",
        "B": r"$\mathrm{O_2}$",
        "C": r"$\mathrm{CO_2}$",
        "D": r"$\mathrm{CH_4}$",
    }
    assert "answer" not in rows[3].question and rows[3].question.endswith("What is its volume then?")


def test_key_and_problems_that_do_not_fit(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.md"
    sheet.write_text("1. What is 1 + 1?\n2. What is 2 + 2?\n\n## 答案\n\n1. 2\n2. 4\n3. 6\n", encoding="utf-8")
    *questions, orphan = read_sheet(sheet, {"licence": "MIT"})
    assert [row.answer for row in questions] == ["2", "4"] and questions[0].licence == "MIT"
    assert isinstance(orphan, Rejection) and "no problem 3" in orphan.detail and orphan.answer == "6"
    sheet.write_text("1. What is 1 + 1?\n2. What is 2 + 2?\n\n**Answers:**\n\n2. 4\n", encoding="utf-8")
    assert [row.answer for row in read_sheet(sheet, {})] == [None, "4"]


def test_a_list_inside_a_problem_is_no_problem(tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.md"
    sheet.write_text("## Problem 1\n\nSteps:\n\n1. heat\n\n## Problem 2\n\nWhy?\n", encoding="utf-8")
    assert [row.id for row in read_sheet(sheet, {})] == ["sheet/1", "sheet/2"]


@pytest.mark.parametrize("content", [b"No problems here.", b"\xff\xfe broken"])
def test_a_file_that_is_no_sheet(tmp_path: Path, content: bytes) -> None:
    sheet = tmp_path / "notes.md"
    sheet.write_bytes(content)
    with pytest.raises(InputError, match=r"notes\.md"):
        list(read_sheet(sheet, {}))
