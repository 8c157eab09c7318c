"""Every paid call, on disk before anything uses its reply.

The ledger is append and scan: `append` returns a future that is done when the entry is durable, `get` finds the reply
to a request by its key (`Request.key`), `scan` reads everything in the order it came. The file is SQLite in WAL mode
with synchronous=FULL. One writer thread commits whatever has come in since its last commit (group commit), so that a
thousand appends cost some dozens of disk flushes.

Layout, version 2 (`PRAGMA user_version`; `PRAGMA application_id` marks the file as ours):

    calls   key (16 bytes), model, stage, question_id, sample, endpoint, started, seconds, cost, reply (JSON)
    totals  model, stage, calls, tokens by kind, cost, seconds: what `totals` returns, kept by a trigger of the writer

Version 1 had no `totals` and in `calls` no endpoint, started and seconds; it is brought up to date when it is opened.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import msgspec

from ..errors import RunFolderError
from ..records import Reply
from .ledger_file import lock_for, lock_ledger, open_database, open_for_reading

__all__ = ["Entry", "LayeredLedger", "Ledger", "SqliteLedger", "Tally", "open_ledger", "read_ledger"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One call: the request's key and who asked, the reply, what it cost (dollars) and took.

    `endpoint` is the address that served it, `started` seconds since 1970, `seconds` its duration.
    """

    key: bytes
    model: str
    stage: str = ""
    question_id: str = ""
    sample: int = 0
    endpoint: str = ""
    started: float = 0.0
    seconds: float = 0.0
    cost: float = 0.0
    reply: Reply


class Tally(msgspec.Struct, kw_only=True):
    """Sums over calls."""

    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    cost: float = 0.0
    seconds: float = 0.0

    def add(self, entry: Entry) -> None:
        """Count one more call."""
        reply = entry.reply
        self.calls += 1
        self.prompt_tokens += reply.prompt_tokens
        self.completion_tokens += reply.completion_tokens
        self.cached_tokens += reply.cached_tokens
        self.reasoning_tokens += reply.reasoning_tokens
        self.cost += entry.cost
        self.seconds += entry.seconds

    def merge(self, other: Tally) -> None:
        """Add another tally's sums."""
        for field in self.__struct_fields__:
            setattr(self, field, getattr(self, field) + getattr(other, field))


class Ledger(Protocol):
    """What the rest of the package knows of a ledger."""

    def get(self, key: bytes) -> Reply | None:
        """The reply to the request with this key, None where there is none."""

    def append(self, entry: Entry) -> asyncio.Future[None]:
        """Begin to write; the future is done when the entry is on disk. A second entry of the same key is ignored.

        The future fails with `RunFolderError` where the disk is full or gone. Call from within the event loop.
        """

    def scan(self) -> Iterator[Entry]:
        """All entries in the order they came, one at a time."""

    def totals(self) -> dict[tuple[str, str], Tally]:
        """Sums by (model, stage), at once."""

    def close(self) -> None:
        """Write what is waiting and let go of the file."""


_COLUMNS = ", ".join(Entry.__struct_fields__)
_SUMS = Tally.__struct_fields__
# Entries that one statement takes at most; SQLite allows 32,766 parameters, ten an entry.
_BATCH = 256

_encode_reply = msgspec.json.Encoder().encode
_decode_reply = msgspec.json.Decoder(Reply).decode

_Waiting = tuple[Entry, "asyncio.Future[None]", asyncio.AbstractEventLoop]


class ReadLedger:
    """The reading side of a SQLite ledger; `open_ledger` and `read_ledger` make one."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._reader = connection

    def get(self, key: bytes) -> Reply | None:
        row = self._reader.execute("SELECT reply FROM calls WHERE key = ?", (key,)).fetchone()
        return None if row is None else _decode_reply(row[0])

    def scan(self) -> Iterator[Entry]:
        for row in self._reader.execute(f"SELECT {_COLUMNS} FROM calls ORDER BY rowid"):
            *fields, reply = row
            yield Entry(**dict(zip(Entry.__struct_fields__, fields, strict=False)), reply=_decode_reply(reply))

    def totals(self) -> dict[tuple[str, str], Tally]:
        rows = self._reader.execute(f"SELECT model, stage, {', '.join(_SUMS)} FROM totals")
        return {(model, stage): Tally(**dict(zip(_SUMS, sums, strict=True))) for model, stage, *sums in rows}

    def close(self) -> None:
        self._reader.close()


class SqliteLedger(ReadLedger):
    """A ledger of one process: `open_ledger` makes one."""

    def __init__(self, path: Path) -> None:
        lock_is_new = not lock_for(path).exists()
        self._lock = lock_ledger(path)
        try:
            self._writer = open_database(path)
            super().__init__(open_for_reading(path), path)
        except BaseException:
            if lock_is_new:  # nothing is left beside a file that is not ours
                lock_for(path).unlink(missing_ok=True)
            self._lock.close()
            raise
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name=f"ledger {path.name}", daemon=True)
        self._thread.start()

    def append(self, entry: Entry) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        durable = loop.create_future()
        self._waiting.put((entry, durable, loop))
        return durable

    def close(self) -> None:
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()
        super().close()
        self._writer.close()
        self._lock.close()

    def _write(self) -> None:
        """The writer thread: takes all that waits, commits it, tells the waiters."""
        while True:
            batch = [self._waiting.get()]
            while len(batch) < _BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            entries = [item for item in batch if item is not None]
            if entries:
                _tell(entries, self._commit([entry for entry, _, _ in entries]))
            if len(entries) < len(batch):  # None among them: the ledger is being closed
                return

    def _commit(self, entries: Sequence[Entry]) -> RunFolderError | None:
        """Write all entries or none of them; returns what went wrong.

        One statement in autocommit mode: while the event loop is busy, every further one would wait up to five
        milliseconds for the interpreter's lock.
        """
        try:
            values: list[object] = []
            for entry in entries:
                *fields, reply = msgspec.structs.astuple(entry)
                values += (*fields, _encode_reply(reply))
            self._writer.execute(_insert(len(entries)), values)
        except (sqlite3.Error, ValueError, OverflowError) as error:  # the last two: text or numbers it cannot hold
            return RunFolderError(
                f"{self.path}: cannot write the ledger ({error}); make room or mend the disk, then run the same "
                f"command again: {len(entries)} paid replies were not kept, all earlier ones were"
            )
        return None


@lru_cache(maxsize=_BATCH)
def _insert(count: int) -> str:
    """The statement that takes this many entries and leaves out those whose key is there; see `ledger_file.ADD_UP`."""
    row = f"({', '.join('?' * len(Entry.__struct_fields__))})"
    return f"INSERT INTO calls ({_COLUMNS}) VALUES {', '.join([row] * count)} ON CONFLICT DO NOTHING"


def _tell(waiting: Sequence[_Waiting], error: RunFolderError | None) -> None:
    """Settle the futures, in one visit to each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for _, durable, loop in waiting:
        by_loop.setdefault(loop, []).append(durable)
    for loop, futures in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, futures, error)
        except RuntimeError:  # the loop was closed meanwhile: nobody waits there any more
            continue


def _settle(futures: Sequence[asyncio.Future[None]], error: RunFolderError | None) -> None:
    for future in futures:
        if future.done():  # the waiter was cancelled
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)


class LayeredLedger:
    """A ledger of one's own in front of others that are only read (`--reuse RUN`).

    `get` falls through to the others; `append`, `scan`, `totals` are those of one's own. A reply found in another
    ledger is not copied.
    """

    def __init__(self, own: Ledger, reused: Sequence[ReadLedger]) -> None:
        self._own = own
        self._reused = reused
        self.append = own.append
        self.scan = own.scan
        self.totals = own.totals

    def get(self, key: bytes) -> Reply | None:
        if (reply := self._own.get(key)) is not None:
            return reply
        return next((reply for ledger in self._reused if (reply := ledger.get(key)) is not None), None)

    def close(self) -> None:
        for ledger in self._reused:
            ledger.close()
        self._own.close()


def open_ledger(path: str | Path) -> SqliteLedger:
    """Open or create a ledger for one process.

    Raises:
        RunFolderError: Another process has it open, it cannot be written, it is no ledger, or a newer one.
    """
    return SqliteLedger(Path(path))


def read_ledger(path: str | Path) -> ReadLedger:
    """Open a finished run's ledger only to read it.

    Raises:
        RunFolderError: It is not there, no ledger, or not of this version.
    """
    return ReadLedger(open_for_reading(Path(path)), Path(path))
