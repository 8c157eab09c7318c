"""The ledger: durable before used, paid once, one process at a time, and honest about files that are not its own."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sciinstruct.errors import RunFolderError
from sciinstruct.llm import Entry, LayeredLedger, Tally, open_ledger, read_ledger
from sciinstruct.llm.ledger import SqliteLedger
from sciinstruct.llm.ledger_file import APPLICATION_ID, VERSION, open_database
from sciinstruct.records import Reply


def entry(number: int, text: str = "", **fields: object) -> Entry:
    reply = Reply(text=text or f"answer {number}\nwith a second line", prompt_tokens=10, completion_tokens=number)
    values: dict[str, object] = {"model": "m", "stage": "solve", "question_id": f"q{number}", "cost": 0.5, **fields}
    return Entry(key=number.to_bytes(16, "big"), reply=reply, **values)  # type: ignore[arg-type]


def write(path: Path, *entries: Entry) -> None:
    async def run() -> None:
        ledger = open_ledger(path)
        try:
            await asyncio.gather(*(ledger.append(each) for each in entries))
        finally:
            ledger.close()

    asyncio.run(run())


def test_what_was_appended_is_there_after_opening_again(tmp_path):
    path = tmp_path / "ledger.sqlite"
    entries = [entry(1, endpoint="http://h/v1", started=1.5, seconds=0.25, sample=3), entry(2, text="质量 \x00 ∆")]
    write(path, *entries)
    ledger = open_ledger(path)
    assert ledger.get(entries[0].key) == entries[0].reply
    assert ledger.get(entries[1].key) == entries[1].reply
    assert ledger.get(b"\xff" * 16) is None
    assert list(ledger.scan()) == entries
    ledger.close()


def test_a_second_reply_to_the_same_request_changes_nothing(tmp_path):
    path = tmp_path / "ledger.sqlite"
    write(path, entry(1, text="first"), entry(1, text="second"))
    write(path, entry(1, text="third"))
    ledger = read_ledger(path)
    assert [each.reply.text for each in ledger.scan()] == ["first"]
    assert ledger.totals()["m", "solve"].calls == 1
    ledger.close()


def test_more_entries_than_one_statement_takes(tmp_path):
    path = tmp_path / "ledger.sqlite"
    entries = [entry(number) for number in range(600)]
    write(path, *entries, *entries[:5])
    ledger = read_ledger(path)
    assert list(ledger.scan()) == entries
    assert ledger.totals() == {
        ("m", "solve"): Tally(calls=600, prompt_tokens=6000, completion_tokens=sum(range(600)), cost=300.0)
    }
    ledger.close()


def test_the_log_has_its_room_while_the_ledger_is_open_and_goes_with_it(tmp_path):
    path = tmp_path / "ledger.sqlite"
    log = tmp_path / "ledger.sqlite-wal"
    ledger = open_ledger(path)
    room = log.stat().st_size
    assert room > 4 << 20
    other = read_ledger(path)  # reads what was written into the room
    asyncio.run(append_one(ledger))
    assert [each.question_id for each in other.scan()] == ["q7"]
    assert log.stat().st_size == room
    other.close()
    ledger.close()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ledger.sqlite", "ledger.sqlite.lock"]


async def append_one(ledger: SqliteLedger) -> None:
    await ledger.append(entry(7))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
batches = st.lists(
    st.lists(
        st.builds(
            entry,
            st.integers(0, 30),
            texts,
            model=st.sampled_from("ab"),
            stage=st.sampled_from(["solve", "reflect"]),
            cost=st.integers(0, 100).map(float),
        ),
        max_size=10,
    ),
    max_size=4,
)


@settings(max_examples=40)
@given(batches)
def test_the_ledger_is_a_dictionary_that_keeps_the_first_and_adds_up(batches):
    """Against a plain dictionary, over several openings of the same file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        expected: dict[bytes, Entry] = {}
        for batch in batches:
            write(path, *batch)
            for each in batch:
                expected.setdefault(each.key, each)
        sums: dict[tuple[str, str], Tally] = {}
        for each in expected.values():
            sums.setdefault((each.model, each.stage), Tally()).add(each)
        ledger = open_ledger(path)
        assert list(ledger.scan()) == list(expected.values())
        assert all(ledger.get(key) == each.reply for key, each in expected.items())
        assert ledger.totals() == sums
        ledger.close()


def test_layers_are_read_through_and_only_the_own_one_is_written(tmp_path):
    write(tmp_path / "old", entry(1, text="old 1"), entry(2, text="old 2"))
    write(tmp_path / "own", entry(2, text="own 2"))

    async def run() -> None:
        layered = LayeredLedger(open_ledger(tmp_path / "own"), [read_ledger(tmp_path / "old")])
        await layered.append(entry(3))
        texts = [reply.text if reply else None for reply in map(layered.get, (entry(n).key for n in (1, 2, 4)))]
        assert texts == ["old 1", "own 2", None]
        assert [each.question_id for each in layered.scan()] == ["q2", "q3"]
        assert layered.totals()["m", "solve"].calls == 2
        layered.close()

    asyncio.run(run())
    old = read_ledger(tmp_path / "old")
    assert len(list(old.scan())) == 2
    old.close()


WRITER = """
import asyncio, sys
from pathlib import Path
from sciinstruct.llm import Entry, open_ledger
from sciinstruct.records import Reply

async def main():
    ledger = open_ledger(Path(sys.argv[1]))
    for number in range(100_000):
        await ledger.append(Entry(key=number.to_bytes(16, "big"), model="m", reply=Reply(text="x" * 500)))
        print(number, flush=True)

asyncio.run(main())
"""


def test_kill_9_loses_nothing_that_was_said_to_be_durable(tmp_path):
    path = tmp_path / "ledger.sqlite"
    for stop_after in (1, 40, 90):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        said = [int(writer.stdout.readline()) for _ in range(stop_after)][-1]
        with pytest.raises(RunFolderError, match=f"process {writer.pid}:"):
            open_ledger(path)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        ledger = open_ledger(path)
        kept = {int.from_bytes(each.key, "big") for each in ledger.scan()}
        assert set(range(said + 1)) <= kept
        assert ledger.totals()["m", ""].calls == len(kept)
        ledger.close()


def test_a_full_disk_fails_every_waiter_and_keeps_the_rest(tmp_path):
    path = tmp_path / "ledger.sqlite"

    async def run() -> None:
        ledger = open_ledger(path)
        await ledger.append(entry(1))
        pages = ledger._writer.execute("PRAGMA page_count").fetchone()[0]
        ledger._writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own "database or disk is full"
        waiting = [ledger.append(entry(number, text="x" * 5_000)) for number in range(2, 12)]
        results = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(result, RunFolderError) for result in results)
        assert "disk is full" in str(results[0])
        assert ledger.get(entry(2).key) is None
        ledger._writer.execute("PRAGMA max_page_count = 1000000")  # somebody made room
        await ledger.append(entry(2))
        ledger.close()

    asyncio.run(run())
    ledger = read_ledger(path)
    assert [each.question_id for each in ledger.scan()] == ["q1", "q2"]
    assert ledger.totals()["m", "solve"].calls == 2
    ledger.close()


def make_version_1(path: Path, entries: list[Entry]) -> None:
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TABLE calls (key BLOB PRIMARY KEY, model TEXT NOT NULL, stage TEXT NOT NULL, "
        "question_id TEXT NOT NULL, sample INTEGER NOT NULL, cost REAL NOT NULL, reply BLOB NOT NULL)"
    )
    for each in entries:
        row = (each.key, each.model, each.stage, each.question_id, each.sample, each.cost)
        database.execute("INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?, ?)", (*row, msgspec.json.encode(each.reply)))
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute("PRAGMA user_version = 1")
    database.commit()
    database.close()


def test_a_ledger_of_version_1_is_brought_up_to_date(tmp_path):
    path = tmp_path / "ledger.sqlite"
    entries = [entry(1), entry(2), entry(3, stage="reflect")]
    make_version_1(path, entries)
    with pytest.raises(RunFolderError, match="version 1"):
        read_ledger(path)
    write(path, entry(4))
    ledger = read_ledger(path)
    assert list(ledger.scan()) == [*entries, entry(4)]
    assert ledger.totals() == {
        ("m", "solve"): Tally(calls=3, prompt_tokens=30, completion_tokens=7, cost=1.5),
        ("m", "reflect"): Tally(calls=1, prompt_tokens=10, completion_tokens=3, cost=0.5),
    }
    ledger.close()


def test_files_that_are_no_ledger_of_ours_are_refused(tmp_path):
    newer = tmp_path / "newer"
    write(newer, entry(1))
    with sqlite3.connect(newer) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    foreign = tmp_path / "foreign"
    with sqlite3.connect(foreign) as database:
        database.execute("CREATE TABLE mine (x)")
    text = tmp_path / "text"
    text.write_text("this is not a database, but it is long enough to look like a file\n" * 100)
    content = text.read_bytes()
    for path, words in ((newer, "upgrade"), (foreign, "another program"), (text, "not a database")):
        for opener in (open_ledger, read_ledger):
            with pytest.raises(RunFolderError, match=words):
                opener(path)
    assert text.read_bytes() == content
    with pytest.raises(RunFolderError, match="no ledger here"):
        read_ledger(tmp_path / "missing")


def test_a_refused_file_is_not_left_locked(tmp_path):
    path = tmp_path / "ledger.sqlite"
    path.write_text("not a database" * 1000)
    with pytest.raises(RunFolderError):
        open_ledger(path)
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite"]
    path.unlink()
    write(path, entry(1))


def test_a_lock_file_that_was_there_before_stays(tmp_path):
    path = tmp_path / "ledger.sqlite"
    write(path, entry(1))
    path.write_text("not a database" * 1000)
    with pytest.raises(RunFolderError, match="not a database"):
        open_ledger(path)
    assert (tmp_path / "ledger.sqlite.lock").exists()


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunFolderError, match="cannot write here"):
        open_ledger(tmp_path / "file" / "ledger.sqlite")


def test_totals_are_kept_in_words_that_older_sqlite_knows(tmp_path):
    """The operators -> and ->> came with SQLite 3.38, which long-lived systems do not have."""
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).close()
    database = open_database(path)
    (trigger,) = database.execute("SELECT sql FROM sqlite_temp_master WHERE type = 'trigger'").fetchone()
    database.close()
    assert "json_extract" in trigger
    assert "->" not in trigger
