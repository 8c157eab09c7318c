"""Every kind of row that cannot be used ends as a rejection with file, line, field and value; its neighbours live."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciinstruct.errors import InputError
from sciinstruct.io import questions_from, read_questions
from sciinstruct.records import Question, Rejection

GOOD = '{"id": "good", "question": "q", "answer": "1"}'
ABCD = {"A": "w", "B": "x", "C": "y", "D": "z"}
LONG = "x" * 200_001

# the text of the line, field, beginning of the value, words of the detail
BAD_LINES: list[tuple[str, str | None, str | None, str]] = [
    ('{"question": "wh', None, '{"question": "wh', "not JSON: Unterminated string"),
    ("no JSON", None, "no JSON", "not JSON: Expecting value"),
    ('{"question": "q"} {"question": "r"}', None, '{"question": "q"} {"', "not JSON: Extra data"),
    ('["question"]', None, '["question"]', "not a JSON object"),
    ("17", None, "17", "not a JSON object"),
    ("[" * 100_000, None, "[[[[", "nested too deeply"),
    ('{"question": "\\ud800"}', "question", "?", "the question is not valid Unicode text"),
    ('{"question": "q", "level": "\\udfff"}', "meta", "?", "the meta is not valid Unicode text"),
    ('{"answer": "4"}', "question", None, "the row has no question"),
    ('{"question": null}', "question", None, "the question is missing"),
    ('{"question": ""}', "question", None, "the question is missing"),
    ('{"question": " \\n"}', "question", " \n", "the question is empty"),
    ('{"question": "\\ufeff"}', "question", "\ufeff", "the question is empty"),
    ('{"question": 5}', "question", "5", "not a text but a number"),
    ('{"question": 5.5}', "question", "5.5", "not a text but a number"),
    ('{"question": ["q"]}', "question", "['q']", "not a text but a list"),
    ('{"question": {"text": "q"}}', "question", "{'text': 'q'}", "not a text but an object"),
    ('{"question": true}', "question", "True", "not a text but a truth value"),
    ('{"question": "q", "options": 4}', "options", "4", "the options are a number, not an object or a list"),
    ('{"question": "q", "options": "some words"}', "options", "some words", "a text without the marks A., B."),
    ('{"question": "q", "options": "[1, 2"}', "options", "[1, 2", "look like JSON but are not"),
    ('{"question": "q", "options": ["x"]}', "options", "['x']", "only one option"),
    ('{"question": "q", "options": ["x", ["y"]]}', "options", "['x', ['y']]", "option B is a list, not a text"),
    ('{"question": "q", "options": {"A": "x", "a": "y"}}', "options", "{'A': 'x'", "two options have the same letter"),
    ('{"question": "q", "options": [{"no": "x"}]}', "options", "[{'no': 'x'}]", "an object without label and text"),
    (
        json.dumps({"question": "q", "options": list(range(27))}),
        "options",
        "[0, 1",
        "27 options are more than there are",
    ),
    (json.dumps({"question": "q", "options": ABCD, "answer": "F"}), "answer", "F", "not among the options A, B, C, D"),
    (json.dumps({"question": "q", "options": ABCD, "answer": "AF"}), "answer", "AF", "not among the options"),
    (json.dumps({"question": "q", "options": ABCD, "answer": "AA"}), "answer", "AA", "not among the options"),
    (json.dumps({"question": "q", "options": ABCD, "answer": "bad"}), "answer", "bad", "not among the options"),
    (json.dumps({"question": "q", "options": ABCD, "answer": "A. x"}), "answer", "A. x", "not among the options"),
    (json.dumps({"question": "q", "options": ["x", "y"], "answer": 2}), "answer", "2", "not an index from 0 to 1"),
    (json.dumps({"question": "q", "options": ABCD, "answer_index": -1}), "answer", "-1", "not an index from 0 to 3"),
    ('{"question": "q", "answer": {"x": 1}}', "answer", "{'x': 1}", "neither text nor number but an object"),
    ('{"question": "q", "answer": [["x"]]}', "answer", "['x']", "neither text nor number but a list"),
    ('{"question": "q", "id": ["x"]}', "id", "['x']", "neither text nor number but a list"),
    (json.dumps({"question": LONG}), "question", "xxx", "longer than 200,000 characters: 200,001"),
    (json.dumps({"question": "q", "answer": LONG}), "answer", "xxx", "longer than 200,000 characters"),
    (json.dumps({"question": "q", "reasoning": LONG}), "reasoning", "xxx", "longer than 200,000 characters"),
    (json.dumps({"question": "q", "options": ["y", LONG]}), "options", "yxxx", "longer than 200,000 characters"),
    (json.dumps({"statement": "theorem", "proof": ""}), "proof", "", "the proof is missing"),
    (json.dumps({"statement": None, "proof": "by simp"}), "statement", None, "the statement is missing"),
    (json.dumps({"statement": 1, "proof": "by simp"}), "statement", "1", "not a text but a number"),
]


@pytest.mark.parametrize(("line", "field", "value", "words"), BAD_LINES, ids=[words for *_, words in BAD_LINES])
def test_a_bad_line_is_one_rejection(
    tmp_path: Path, line: str, field: str | None, value: str | None, words: str
) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f"{GOOD}\n{line}\n{GOOD}\n", "utf-8")
    before, rejection, after = read_questions(path)
    assert before == after == Question(id="good", question="q", answer="1", language="en")
    assert isinstance(rejection, Rejection)
    assert (rejection.stage, rejection.reason) == ("read", "unusable")
    assert (rejection.file, rejection.line, rejection.field) == (str(path), 2, field)
    assert rejection.id == (f"{path}:2" if field != "id" else rejection.id)
    assert words in rejection.detail
    if value is None:
        assert rejection.value is None
    else:
        assert rejection.value is not None
        assert rejection.value.startswith(value)
        assert len(rejection.value) <= 200


def test_a_rejection_keeps_what_is_known_of_the_row() -> None:
    row = {"id": 3, "question": "Which?", "options": ABCD, "answer": "F", "subject": "physics", "source": "book"}
    (rejection,) = questions_from([row])
    assert isinstance(rejection, Rejection)
    assert (rejection.id, rejection.question, rejection.subject, rejection.source) == ("3", "Which?", "physics", "book")
    assert (rejection.file, rejection.line) == (None, 1)


@pytest.mark.parametrize("row", [None, 7, ["q"], "question"])
def test_rows_in_memory_that_are_none(row: Any) -> None:
    (rejection,) = questions_from([row])
    assert isinstance(rejection, Rejection)
    assert rejection.id == "row:1"
    assert "not a dict or a Question" in rejection.detail


def test_bytes_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_bytes(b'{"question": "q"}\n{"question": "\xff"}\n')
    (tmp_path / "q.csv").write_bytes(b"id,question\n1,q\n2," + "水的化学式".encode("gbk") + b"\n3,r\n")
    _, rejection = read_questions(tmp_path / "q.jsonl")
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.detail) == (2, "the line is not UTF-8: invalid start byte at byte 14")
    first, second, third = read_questions(tmp_path / "q.csv")
    assert isinstance(first, Question) and isinstance(third, Question)
    assert isinstance(second, Rejection)
    assert (second.id, second.line, second.field) == ("2", 3, "question")
    assert second.detail == "the question is not valid Unicode text"


def test_rows_of_the_wrong_length_in_a_table(tmp_path: Path) -> None:
    (tmp_path / "q.csv").write_text("id,question,answer\n1,q,4\n\n2,q\n3,a,b,c\n4,q,5\n", "utf-8")
    read = list(read_questions(tmp_path / "q.csv"))
    assert [(row.id, getattr(row, "line", None)) for row in read] == [
        ("1", None), (f"{tmp_path / 'q.csv'}:4", 4), (f"{tmp_path / 'q.csv'}:5", 5), ("4", None),
    ]  # fmt: skip
    assert isinstance(read[1], Rejection)
    assert (read[1].detail, read[1].value) == ("the row has 2 cells, the header 3", "2,q")


def test_items_of_an_array_and_rows_of_a_parquet_file(tmp_path: Path) -> None:
    (tmp_path / "q.json").write_text('[\n{"question": "q"},\n7,\n{"question": ""}\n]\n', "utf-8")
    pq.write_table(pa.table({"question": ["q", None], "answer": [1.5, 2.5]}), tmp_path / "q.parquet")
    _, item, empty = read_questions(tmp_path / "q.json")
    assert isinstance(item, Rejection) and isinstance(empty, Rejection)
    assert (item.line, item.value, item.detail) == (3, "7", "the item is not a JSON object")
    assert (empty.line, empty.field) == (4, "question")
    good, row = read_questions(tmp_path / "q.parquet")
    assert isinstance(good, Question) and good.answer == "1.5"
    assert isinstance(row, Rejection)
    assert (row.line, row.field) == (2, "question")


def test_an_endless_line_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f'{GOOD}\n{{"question": "{"x" * 20_000_000}"}}\n{GOOD}\n', "utf-8")
    before, rejection, after = read_questions(path)
    assert before == after
    assert isinstance(rejection, Rejection)
    assert (rejection.line, rejection.detail) == (2, "the line is longer than 8,000,000 bytes")


def test_values_of_any_type_in_memory_never_stop_the_stream() -> None:
    odd: list[Any] = [object(), b"bytes", {1: 2}, {"x"}, 1j, float("nan"), (1, 2), range(3), "\ud800"]
    for value in odd:
        for field in ("id", "question", "options", "answer", "subject", "meta", "other", "reasoning"):
            (result,) = questions_from([{"question": "q", field: value}])
            assert isinstance(result, Question | Rejection)
            if isinstance(result, Rejection):
                result.detail.encode()
                (result.value or "").encode()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"question": "q", "\\ud83d": 1}', "the meta is not valid Unicode text"),
        ('{"question": "q", "meta": {"\\ud83d": 1}}', "the meta is not valid Unicode text"),
        (f'{{"question": "q", "k": {"[" * 700}{"]" * 700}}}', "nested more than 100 levels deep"),
        (f'{{"question": "q", "meta": {"[" * 300}{"]" * 300}}}', "nested more than 100 levels deep"),
        (f'{{"question": {"[" * 900}{"]" * 900}}}', "the question is not a text but a list"),
    ],
    ids=["key", "key in meta", "deep column", "deep meta", "deep question"],
)
def test_odd_keys_and_deep_values_end_their_own_row_only(tmp_path: Path, line: str, words: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text(f"{GOOD}\n{line}\n{GOOD}\n", "utf-8")
    before, rejection, after = read_questions(path)
    assert before == after
    assert isinstance(rejection, Rejection)
    assert (rejection.line, words in rejection.detail) == (2, True)
    msgspec.json.encode(rejection)


def test_a_header_that_is_no_utf8_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(b"question,answer,caf\xe9\nx?,1,2\n")
    with pytest.raises(InputError, match=r"q\.csv: the header is not UTF-8"):
        list(read_questions(path))
