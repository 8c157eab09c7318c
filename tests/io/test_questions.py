"""What every accepted form of a row becomes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sciinstruct.errors import ConfigError, InputError
from sciinstruct.io import question_id, questions_from, read_questions
from sciinstruct.records import Question, Rejection

ROWS: list[dict[str, Any]] = [
    {"id": "a", "question": "What is 2 + 2?", "answer": "4", "subject": "math", "language": "en"},
    {"id": "b", "question": "水的化学式是什么?", "answer": "H2O", "options": {"A": "H2O", "B": "CO2"}},
    {"id": "c", "question": "Why is the sky blue?"},
]


def one(row: dict[str, Any], **options: Any) -> Question:
    (question,) = questions_from([row], **options)
    assert isinstance(question, Question), question
    return question


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def write_jsonl_gz(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(gzip.compress("\n".join(json.dumps(row) for row in rows).encode()))


def write_array(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps(rows, indent=1), "utf-8")


def write_compact_array_gz(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_bytes(gzip.compress(json.dumps(rows).encode()))


def write_object(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"version": 1, "data": rows, "more": []}, indent=2), "utf-8")


def write_compact_object(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text(json.dumps({"data": rows}), "utf-8")


def write_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    kind = pa.list_(pa.struct([("label", pa.string()), ("text", pa.string())]))
    names = ("id", "question", "answer", "subject", "language")
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    options = [
        [{"label": label, "text": text} for label, text in row["options"].items()] if "options" in row else None
        for row in rows
    ]
    pq.write_table(pa.table({**columns, "options": pa.array(options, kind)}), path, row_group_size=2)


def write_dataset_folder(path: Path, rows: list[dict[str, Any]]) -> None:
    """Two shards in the layout of save_to_disk, named so that sorting by name would turn them round."""
    path.mkdir()
    names = ["z.arrow", "a.arrow"]
    for name, part in zip(names, (rows[:2], rows[2:]), strict=True):
        table = pa.Table.from_pylist([{**row, "options": json.dumps(row.get("options"))} for row in part])
        with pa.OSFile(str(path / name), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table)
    (path / "state.json").write_text(json.dumps({"_data_files": [{"filename": name} for name in names]}), "utf-8")
    (path / "dataset_info.json").write_text("{}", "utf-8")


def write_folder(path: Path, rows: list[dict[str, Any]]) -> None:
    (path / "sub").mkdir(parents=True)
    write_jsonl(path / "1.jsonl", rows[:1])
    write_array(path / "2.json", rows[1:2])
    write_jsonl(path / "sub" / "3.jsonl", rows[2:])
    (path / "README.md").write_text("no questions here", "utf-8")


FORMS: list[tuple[str, Callable[[Path, list[dict[str, Any]]], None]]] = [
    ("q.jsonl", write_jsonl),
    ("q.json", write_jsonl),
    ("q.jsonl.gz", write_jsonl_gz),
    ("q.json.gz", write_jsonl_gz),
    ("q.json", write_array),
    ("q.json.gz", write_compact_array_gz),
    ("q.json", write_object),
    ("q.json", write_compact_object),
    ("q.parquet", write_parquet),
    ("folder", write_dataset_folder),
    ("folder", write_folder),
]


@pytest.mark.parametrize(("name", "write"), FORMS, ids=[write.__name__ + " " + name for name, write in FORMS])
def test_every_form_gives_the_same_questions(tmp_path: Path, name: str, write: Callable[..., None]) -> None:
    write(tmp_path / name, ROWS)
    assert list(read_questions(tmp_path / name)) == [
        Question(id="a", question="What is 2 + 2?", answer="4", subject="math", language="en"),
        Question(id="b", question="水的化学式是什么?", answer="A", options={"A": "H2O", "B": "CO2"}, language="zh"),
        Question(id="c", question="Why is the sky blue?", language="en"),
    ]


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
@pytest.mark.parametrize("delimiter", [",", ";"])
def test_csv_with_option_columns_and_cells_of_several_lines(tmp_path: Path, ending: str, delimiter: str) -> None:
    lines = ["id,question,A,B,C,answer", '1,"What,\nis it?",x,y,,B', "2,Which?,x,,z,C"]
    text = "\ufeff" + "\r\n".join(lines)
    if delimiter == ";":
        text = text.replace(",", ";")
    data = text.encode("utf-8")
    (tmp_path / f"q{ending}").write_bytes(gzip.compress(data) if ending.endswith(".gz") else data)
    first, second = read_questions(tmp_path / f"q{ending}")
    assert isinstance(first, Question) and isinstance(second, Question)
    assert first.question == f"What{delimiter}\nis it?"
    assert (first.id, first.options, first.answer) == ("1", {"A": "x", "B": "y"}, "B")
    assert (second.options, second.answer) == ({"A": "x", "C": "z"}, "C")


def test_a_tsv_keeps_commas(tmp_path: Path) -> None:
    (tmp_path / "q.tsv").write_text("question\tanswer\n1, 2 or 3?\t3.0\n", "utf-8")
    (question,) = read_questions([tmp_path / "q.tsv"])
    assert isinstance(question, Question)
    assert (question.question, question.answer) == ("1, 2 or 3?", "3.0")


def test_numbers_keep_their_text(tmp_path: Path) -> None:
    answers = ["3.0", "1.50", "1E5", "-0.0", "6.02e23", "7", "123456789012345678901234567890"]
    lines = [f'{{"question": "q", "answer": {answer}, "weight": 0.5, "ratio": {{"x": [1.5]}}}}' for answer in answers]
    (tmp_path / "q.jsonl").write_text("\n".join(lines), "utf-8")
    (tmp_path / "q.json").write_text("[" + ",\n".join(lines) + "]", "utf-8")
    for name in ("q.jsonl", "q.json"):
        questions = list(read_questions(tmp_path / name))
        assert [question.answer for question in questions] == answers
        assert isinstance(questions[0], Question)
        assert questions[0].meta == {"weight": 0.5, "ratio": {"x": [1.5]}}


def test_truth_values_missing_answers_and_nan(tmp_path: Path) -> None:
    values = ["true", "false", "null", '""', "NaN", "[]"]
    lines = [f'{{"question": "q", "answer": {value}}}' for value in values]
    (tmp_path / "q.jsonl").write_text("\n".join(lines), "utf-8")
    assert [question.answer for question in read_questions(tmp_path / "q.jsonl")] == [
        "True", "False", None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "answer", "letters"),
    [
        (["x", "y", "z"], 1, "B"),
        (["x", "y", "z"], "C", "C"),
        (["x", "y", "z"], "y", "B"),
        ([1, 2.5, "z"], "2.5", "B"),
        (["(A)2", "(B)4"], "B", "B"),
        ({"A": "x", "B": "y", "C": "z"}, "CA", "AC"),
        ({"A": "x", "B": "y", "C": "z"}, "c, a", "AC"),
        ({"A": "x", "B": "y", "C": "z"}, ["C", "B"], "BC"),
        ({"A": "x", "B": "y"}, "(b)", "B"),
        ({"A": "x", "B": "y z"}, "B. y z", "B"),
        ({"a": "x", "b": "y"}, "b", "B"),
        ({"1": "x", "2": "y"}, "2", "B"),
        ({"A": "True", "B": "False"}, True, "A"),
        ('["x", "y"]', "B", "B"),
        ('{"A": "x", "B": "y"}', "B", "B"),
        ("A. x\nB. y", "B", "B"),
        ([{"label": "A", "text": "x"}, {"label": "B", "text": "y"}], "B", "B"),
        ([{"key": "1", "content": "x"}, {"key": "2", "content": "y"}], "1", "A"),
        ({"text": ["x", "y"], "label": ["A", "B"]}, "A", "A"),
        ({"A": "x", "B": "y", "C": None, "D": " "}, "B", "B"),
        ({"A": "CO", "B": "NO"}, "CO", "A"),
    ],
)
def test_options_and_their_right_letters(options: Any, answer: Any, letters: str) -> None:
    question = one({"question": "Which?", "options": options, "answer": answer})
    assert question.answer == letters
    assert question.options is not None
    assert set(letters) <= set(question.options)
    assert all(text.strip() for text in question.options.values())


def test_labels_inside_listed_options_are_taken_off() -> None:
    assert one({"question": "Which?", "options": ["(A)2", "(B) 4"]}).options == {"A": "2", "B": "4"}
    assert one({"question": "Which?", "options": ["A. 2", "B. 4"]}).options == {"A": "2", "B": "4"}
    assert one({"question": "Which?", "options": ["(B)2", "(A)4"]}).options == {"A": "(B)2", "B": "(A)4"}


def test_an_index_counts_empty_options() -> None:
    assert one({"question": "q", "options": ["x", "", "y"], "answer": 2}).answer == "C"
    assert one({"question": "q", "options": {"A": "x", "B": None, "C": "y"}, "answer_index": 2}).answer == "C"
    (empty,) = questions_from([{"question": "q", "options": ["x", "", "y"], "answer": 1}])
    assert isinstance(empty, Rejection)
    assert empty.detail == "the answer is option B, which is empty"


def test_an_index_is_a_letter_only_where_it_is_said() -> None:
    options = {"A": "4", "B": "1", "C": "2"}
    assert one({"question": "q", "options": options, "answer": 1}).answer == "B"  # the text "1", no index
    assert one({"question": "q", "options": options, "answer_index": 2}).answer == "C"
    assert one({"question": "q", "choices": options, "n": "0"}, mapping={"answer_index": "n"}).answer == "A"


@pytest.mark.parametrize(
    "name",
    ["question", "problem", "Problem Text", "query", "prompt", "instruction", "Question"],
)
def test_names_of_the_question_column(name: str) -> None:
    assert one({name: "What?", "Answer": "x"}).question == "What?"


def test_fields_and_further_columns() -> None:
    row = {
        "question": "What?", "ground_truth": "4", "domain": "physics", "subtopic": "optics", "answer_type": "numeric",
        "lang": "Chinese", "dataset": "book", "license": "MIT", "meta": {"page": 3}, "level": "college", "none": None,
    }  # fmt: skip
    assert one(row) == Question(
        id=question_id("What?", None, "4"), question="What?", answer="4", subject="physics", topic="optics",
        type="numeric", language="zh", source="book", licence="MIT", meta={"page": 3, "level": "college"},
    )  # fmt: skip


def test_alpaca_input_and_a_passage_belong_to_the_question() -> None:
    assert one({"instruction": "Add.", "input": "2 and 2", "output": "4"}).question == "Add.\n\n2 and 2"
    assert one({"passage": "A text.", "question": "What?"}).question == "A text.\n\nWhat?"
    assert one({"passage": "", "question": "What?"}).question == "What?"


def test_a_unit_column_belongs_to_an_answer_number() -> None:
    def answer(number: str, unit: str, **options: Any) -> str | None:
        return one({"problem_text": "q", "answer_number": number, "unit": unit}, **options).answer

    assert answer("50.7", "$\\mathrm{atm}$ ") == "$50.7 \\mathrm{atm}$"
    assert answer("5.51", "$10^{14}\\mathrm{~Hz}$") == "$5.51 \\times 10^{14}\\mathrm{~Hz}$"
    assert answer("22.2", " J") == "22.2 J"
    assert answer("1.5", " ") == "1.5"
    assert answer("1.5", "m", mapping={"unit": "none"}) == "1.5"
    assert one({"question": "q", "answer": "5", "unit": "Chapter 3"}).answer == "5"


def test_a_worked_answer_keeps_its_solution_apart() -> None:
    question = one({"question": "q", "answer": "2 + 2 = <<2+2=4>>4\n#### 4"})
    assert (question.answer, question.meta, question.reasoning) == ("4", {"solution": "2 + 2 = <<2+2=4>>4"}, None)


def test_byte_order_marks_go_and_other_signs_stay(tmp_path: Path) -> None:
    text = '\ufeff{"question": "\ufeff What\u3000is it? ", "answer": "x"}\n'
    (tmp_path / "q.jsonl").write_text(text, "utf-8")
    (question,) = read_questions(tmp_path / "q.jsonl")
    assert isinstance(question, Question)
    assert question.question == " What\u3000is it? "


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What is the value of x?", "en"),
        ("质量为 $m$ 的物体在 $\\mathrm{kg} \\cdot \\mathrm{m}$ 下的速度是多少", "zh"),
        ("What does 水 mean?", "en"),
        ("$2+2=?$", "en"),
        ("求 $x$", "zh"),
    ],
)
def test_the_language_is_found(text: str, language: str) -> None:
    assert one({"question": text}).language == language


def test_a_foreign_language_is_not_taken_for_english_or_chinese_by_name() -> None:
    assert one({"question": "水的化学式是什么", "language": "ja"}).language == "zh"
    assert one({"question": "水的化学式是什么", "language": "en"}).language == "en"


def test_ids_are_stable_and_tell_rows_apart() -> None:
    rows = [
        {"question": "q", "answer": "1"},
        {"question": "q", "answer": "2"},
        {"question": "q", "options": ["x", "y"]},
    ]
    ids = [question.id for question in questions_from(rows)]
    assert len(set(ids)) == 3
    assert ids[0] == "q-e299fafd554c242c21d0a55b"
    assert [question.id for question in questions_from([{"question": "q", "id": 7}, {"question": "q", "id": "x"}])] == [
        "7", "x",
    ]  # fmt: skip


def test_a_mapping_renames_and_a_default_fills_in(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "q.jsonl", [{"text": "What?", "id": "0", "gold": "no", "key": "yes"}])
    mapping = {"question": "text", "answer": "key", "id": "none"}
    (question,) = read_questions([tmp_path / "q.jsonl"], mapping, {"licence": "MIT", "language": "zh"})
    assert question == Question(
        id=question_id("What?", None, "yes"), question="What?", answer="yes", licence="MIT", language="zh",
        meta={"id": "0", "gold": "no"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mapping", "defaults", "words"),
    [
        ({"question": "txt"}, {}, "no column 'txt' (for question); the columns are text, gold"),
        ({"frage": "text"}, {}, "no field 'frage'; the fields are id, question,"),
        ({}, {"answer": "4"}, "no field 'answer'; a default can be given for subject,"),
        ({}, {"language": "fr"}, "language='fr' is neither 'en' nor 'zh'"),
    ],
)
def test_a_wrong_mapping_or_default_is_refused_before_anything_is_read(
    tmp_path: Path, mapping: dict[str, str], defaults: dict[str, str], words: str
) -> None:
    write_jsonl(tmp_path / "q.jsonl", [{"text": "What?", "gold": "4"}])
    with pytest.raises(ConfigError) as raised:
        read_questions([tmp_path / "q.jsonl"], mapping, defaults)
    assert words in str(raised.value)
    with pytest.raises(ConfigError):
        questions_from([{"text": "What?", "gold": "4"}], mapping, defaults)


def test_a_mapping_may_name_a_column_of_a_later_row_or_file(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "1.jsonl", [{"question": "a"}, {"question": "b", "key": "1"}])
    write_jsonl(tmp_path / "2.jsonl", [{"question": "c", "other": "2"}])
    mapped = read_questions([tmp_path / "1.jsonl", tmp_path / "2.jsonl"], {"answer": "key", "topic": "other"})
    assert [(question.answer, getattr(question, "topic", "")) for question in mapped] == [
        (None, None), ("1", None), (None, "2"),
    ]  # fmt: skip


def test_questions_pass_through_memory_untouched_and_lazily() -> None:
    given = Question(id="x", question="What?")

    def rows() -> Iterator[Any]:
        yield given
        yield {"question": "Why?"}
        raise RuntimeError("read too far")

    stream = questions_from(rows())
    assert next(stream) is given
    assert next(stream).question == "Why?"
    with pytest.raises(RuntimeError):
        next(stream)


def test_a_lean_theorem_comes_with_its_proof() -> None:
    row = {
        "id": "l", "source": "mathlib4", "language": "lean", "lean_version": 4, "namespace": "Nat", "docstring": "Doc.",
        "context": "open Real", "statement": "theorem two : 1 + 1 = 2", "proof": "by norm_num", "proof_style": "tactic",
    }  # fmt: skip
    assert one(row) == Question(
        id="l", question="open Real\n\nnamespace Nat\n\ntheorem two : 1 + 1 = 2", reasoning="by norm_num",
        type="proof", language="en", source="mathlib4",
        meta={"lean_version": 4, "docstring": "Doc.", "proof_style": "tactic"},
    )  # fmt: skip


def test_a_big_json_array_is_read_piece_by_piece(tmp_path: Path) -> None:
    rows = [{"id": str(number), "question": "q" * 700, "answer": 1.0} for number in range(5_000)]
    (tmp_path / "q.json").write_text(json.dumps(rows), "utf-8")
    ids = [question.id for question in read_questions(tmp_path / "q.json")]
    assert ids == [str(number) for number in range(5_000)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("q.txt", b"x", "not a kind of file that is read here"),
        ("q.parquet.gz", b"x", "not a kind of file that is read here"),
        ("none.jsonl", None, "no such file"),
        ("q.jsonl", "Frage".encode("utf-16"), "UTF-16"),
        ("q.json", b"", "neither an object nor an array"),
        ("q.json", b"[{'a': 1}]", "not JSON at line 1"),
        ("q.json", b'{"data": [{"question": "q"}], 5: 1}', "a key is not a text"),
        ("q.parquet", b"PAR1 and no more", "not readable as Parquet"),
        ("q.arrow", b"no arrow at all", "not readable as Arrow"),
        ("q.csv", b"a,a\n1,2\n", "two columns have the same name"),
        ("q.jsonl.gz", b"no gzip", "unreadable after line 0"),
    ],
)
def test_files_that_cannot_be_read_are_named(tmp_path: Path, name: str, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as raised:
        list(read_questions(tmp_path / name))
    assert str(tmp_path / name) in str(raised.value)
    assert words in str(raised.value)


def test_a_folder_without_questions_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("x", "utf-8")
    with pytest.raises(InputError, match="holds no file that is read here"):
        read_questions(tmp_path)


def test_rows_before_the_broken_place_are_kept(tmp_path: Path) -> None:
    whole = gzip.compress("".join(json.dumps({"question": f"q {number}"}) + "\n" for number in range(20_000)).encode())
    (tmp_path / "q.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "q.json").write_text('[{"question": "1"},\n {"question": "2"},\n {"question": "3', "utf-8")
    for name, least, words in (("q.jsonl.gz", 1_000, "unreadable after line"), ("q.json", 2, "not JSON at line 3")):
        read = []
        with pytest.raises(InputError, match=words):
            for question in read_questions(tmp_path / name):
                read.append(question)
        assert len(read) >= least
        assert all(isinstance(question, Question) for question in read)


def test_a_torn_last_line_is_one_rejection(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": "1", "question": "q"}\n\n{"id": "2", "question": "wh', "utf-8")
    first, torn = read_questions(tmp_path / "q.jsonl")
    assert isinstance(first, Question)
    assert isinstance(torn, Rejection)
    assert (torn.line, torn.value, torn.reason) == (3, '{"id": "2", "question": "wh', "unusable")
