"""Parquet tables: what goes in comes out, the bytes depend on the rows alone, and a full disk leaves nothing half."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.errors import InputError, RunFolderError
from sciinstruct.io import (
    TableWriter,
    attempt_row,
    count_rows,
    instruction_row,
    read_attempts,
    read_instructions,
    read_rejections,
    rejection_row,
)
from sciinstruct.io.tables import GROUP
from sciinstruct.records import (
    Attempt,
    Instruction,
    Message,
    Rejection,
    Verdict,
    attempt_schema,
    instruction_schema,
    rejection_schema,
)

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
OPTIONAL = st.none() | TEXT
COUNT = st.integers(0, 2**40)
OPTIONS = st.none() | st.dictionaries(st.sampled_from("ABCDEFGH"), TEXT, max_size=4)
VALUE = st.sampled_from(["right", "wrong", "unknown"])
VERDICT = st.builds(Verdict, value=VALUE, rule=TEXT, reason=TEXT, extracted=OPTIONAL)
MESSAGES = st.lists(st.builds(Message, role=TEXT, content=TEXT), max_size=3).map(tuple)

ATTEMPTS = st.builds(
    Attempt, question_id=TEXT, stage=TEXT, round=COUNT, sample=COUNT, model=TEXT, solution=TEXT, reflection=TEXT,
    error_kind=OPTIONAL, verdict=VERDICT, finish_reason=TEXT, prompt_tokens=COUNT, completion_tokens=COUNT,
)  # fmt: skip
INSTRUCTIONS = st.builds(
    Instruction, id=TEXT, messages=MESSAGES, question=TEXT, options=OPTIONS, reasoning=TEXT, answer=OPTIONAL,
    subject=OPTIONAL, topic=OPTIONAL, type=OPTIONAL, language=OPTIONAL, source=OPTIONAL, licence=OPTIONAL, stage=TEXT,
    verdict=VALUE, rule=TEXT, quality=st.none() | st.floats(allow_nan=False), model=TEXT, tokens=COUNT,
)  # fmt: skip
REJECTIONS = st.builds(
    Rejection, id=TEXT, stage=TEXT, reason=TEXT, detail=TEXT, question=TEXT, options=OPTIONS, answer=OPTIONAL,
    subject=OPTIONAL, language=OPTIONAL, source=OPTIONAL, licence=OPTIONAL, file=OPTIONAL,
    line=st.none() | COUNT, field=OPTIONAL, value=OPTIONAL,
)  # fmt: skip


def instruction(number: int, **fields: Any) -> Instruction:
    known: dict[str, Any] = {
        "id": f"q{number}",
        "messages": (Message(role="user", content=f"{number}?"), Message(role="assistant", content="so " * number)),
        "question": f"{number}?",
        "reasoning": "so " * number,
        "stage": "solve",
        "verdict": "right",
        "rule": "number",
    }
    return Instruction(**{**known, **fields})


@given(st.lists(ATTEMPTS, max_size=5))
def test_attempts_come_back(tmp_path_factory: pytest.TempPathFactory, records: list[Attempt]) -> None:
    path = tmp_path_factory.mktemp("t") / "attempts.parquet"
    with TableWriter(path, attempt_schema()) as table:
        table.write(map(attempt_row, records))
    assert list(read_attempts(path)) == records


@given(st.lists(INSTRUCTIONS, max_size=5))
def test_instructions_come_back(tmp_path_factory: pytest.TempPathFactory, records: list[Instruction]) -> None:
    path = tmp_path_factory.mktemp("t") / "instructions.parquet"
    with TableWriter(path, instruction_schema()) as table:
        table.write(map(instruction_row, records))
    assert list(read_instructions(path)) == records


@given(st.lists(REJECTIONS, max_size=5))
def test_rejections_come_back(tmp_path_factory: pytest.TempPathFactory, records: list[Rejection]) -> None:
    path = tmp_path_factory.mktemp("t") / "rejected.parquet"
    with TableWriter(path, rejection_schema()) as table:
        table.write(map(rejection_row, records))
    assert list(read_rejections(path)) == records


@pytest.mark.parametrize("step", [1, 7, GROUP - 1, GROUP, GROUP + 1, 5_000])
def test_the_bytes_do_not_depend_on_how_rows_are_cut(tmp_path: Path, step: int) -> None:
    rows = [instruction_row(instruction(number % 50)) for number in range(2 * GROUP + 100)]
    for name, size in (("whole", len(rows)), ("cut", step)):
        with TableWriter(tmp_path / name, instruction_schema()) as table:
            for start in range(0, len(rows), size):
                table.write(rows[start : start + size])
        assert table.rows == len(rows)
    assert (tmp_path / "whole").read_bytes() == (tmp_path / "cut").read_bytes()


def test_an_error_inside_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    with TableWriter(path, instruction_schema()) as table:
        table.write([instruction_row(instruction(1))])
    before = path.read_bytes()

    def rows() -> Iterator[dict[str, Any]]:
        yield from (instruction_row(instruction(number)) for number in range(GROUP + 1))
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError), TableWriter(path, instruction_schema()) as table:
        table.write(rows())
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["t.parquet"]


def test_lone_surrogates_of_a_reply_do_not_lose_the_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    message = Message(role="assistant", content="\ud800 so")
    with TableWriter(path, instruction_schema()) as table:
        table.write(
            [instruction_row(instruction(1, reasoning="\ud800 so", messages=(message,), options={"A": "\udfff"}))]
        )
    (back,) = read_instructions(path)
    assert (back.reasoning, back.messages[0].content, back.options) == ("? so", "? so", {"A": "?"})


def test_counting_by_columns(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    subjects = ["physics", None, "physics", "math"] * 1_000
    with TableWriter(path, instruction_schema()) as table:
        table.write(instruction_row(instruction(1, subject=subject)) for subject in subjects)
    assert count_rows(path, ("stage", "subject")) == Counter(
        {("solve", "physics"): 2_000, ("solve", None): 1_000, ("solve", "math"): 1_000}
    )


def test_a_broken_or_missing_table_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 is not enough")
    for path in (tmp_path / "bad.parquet", tmp_path / "none.parquet"):
        for read in (read_attempts, read_rejections, read_instructions):
            with pytest.raises(InputError, match=path.name):
                list(read(path))
        with pytest.raises(InputError, match=path.name):
            count_rows(path, ["stage"])


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    with pytest.raises(RunFolderError, match="cannot write: Not a directory"):
        TableWriter(tmp_path / "file" / "t.parquet", instruction_schema())


FILL_THE_DISK = """
import os, sys
from pathlib import Path
from sciinstruct.errors import RunFolderError
from sciinstruct.io import RunFolder, TableWriter, export_instructions, rejection_row
from sciinstruct.records import Rejection, rejection_schema

def rows():
    for number in range(4_000):
        yield rejection_row(Rejection(id=str(number), stage="solve", reason="wrong", detail=os.urandom(1_000).hex()))

def table(run):
    with TableWriter(run.rejected, rejection_schema()) as writer:
        writer.write(rows())

with RunFolder.open(sys.argv[1], create=True) as run:
    run.write_manifest({"state": "before"})
    run.rejected.write_bytes(b"old")
    for write in (table, lambda run: run.write_manifest({"state": "x" * 4_000_000})):
        try:
            write(run)
        except RunFolderError as error:
            print(error)
        else:
            print("nothing was refused")
    print(sorted(path.name for path in run.path.iterdir()), run.read_manifest()["state"], run.rejected.read_bytes())
"""


def after_filling(folder: Path, before: str = "") -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", before + FILL_THE_DISK, str(folder / "run")], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def refused(lines: list[str], folder: Path, words: str) -> bool:
    todo = "free the place or choose another folder, then run the same command again"
    return lines == [
        f"{folder / 'run' / 'rejected.parquet'}: cannot write: {words}; {todo}",
        f"{folder / 'run' / 'manifest.json'}: cannot write: {words}; {todo}",
        "['.lock', 'manifest.json', 'rejected.parquet'] before b'old'",
    ]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB; the test is skipped where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    lines = after_filling(small_disk)
    assert refused(lines, small_disk, "No space left on device"), lines


def test_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    limit = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
    )
    lines = after_filling(tmp_path, limit)
    assert refused(lines, tmp_path, "File too large"), lines


def test_rows_have_every_column_of_their_schema() -> None:
    verdict = Verdict("right", "number", "same", "4")
    assert list(attempt_row(Attempt(question_id="q", stage="solve", verdict=verdict))) == attempt_schema().names
    assert list(instruction_row(instruction(1))) == instruction_schema().names
    assert list(rejection_row(Rejection(id="q", stage="solve", reason="wrong"))) == rejection_schema().names
    assert list(Rejection.__struct_fields__) == rejection_schema().names == list(msgspec.structs.asdict(
        Rejection(id="q", stage="s", reason="r")))  # fmt: skip
