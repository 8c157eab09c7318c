"""Where a run stands: which question is at which place of the input, and the outcome of each that has ended.

A cache in the run folder (`progress.sqlite`): it can be deleted, the ledger holds every reply that it was made from.
It keeps memory flat in the number of questions, gives a restart its answer quickly, and brings the output into input
order.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..errors import RunFolderError
from ..records import Question, Rejection
from .loop import Outcome

__all__ = ["Intake", "Pending", "Progress"]

_LAYOUT = 1
_BATCH = 2_000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS questions (
    position INTEGER PRIMARY KEY, id TEXT UNIQUE, content BLOB, digest BLOB, record BLOB);
CREATE TABLE IF NOT EXISTS unusable (position INTEGER PRIMARY KEY, record BLOB);
CREATE TABLE IF NOT EXISTS outcomes (digest BLOB UNIQUE, final INTEGER, outcome BLOB);
"""
_PENDING = """
SELECT position, digest, record FROM questions
WHERE position > ? AND NOT EXISTS (SELECT 1 FROM outcomes WHERE outcomes.digest = questions.digest)
ORDER BY position LIMIT ?
"""


class Pending(NamedTuple):
    """A question that has not ended yet; `digest` names its content under the plan."""

    position: int
    digest: bytes
    question: Question


@dataclass
class Intake:
    """What came in: rows read, questions taken, identical rows collapsed, rows that cannot be used, ids given twice."""

    rows: int = 0
    questions: int = 0
    duplicates: int = 0
    unusable: int = 0
    fingerprint: str = ""


class Progress:
    """The progress file of one run under one plan (`plan_digest`, see `Plan.digest`)."""

    def __init__(self, path: Path, plan_digest: bytes) -> None:
        self._plan_digest = plan_digest
        self._encoder = msgspec.json.Encoder()
        self._questions = msgspec.json.Decoder(Question)
        self._outcomes = msgspec.json.Decoder(Outcome)
        self._path = path
        self._database = _open(path)

    def take_in(self, rows: Iterable[Question | Rejection]) -> Intake:
        """Writes down the input of this run in order, in place of what an earlier run had.

        Identical rows collapse; another content under an id that was there before is rejected as `duplicate-id`.
        """
        intake = Intake()
        order = hashlib.blake2b(digest_size=16)
        with self._writing():
            self._database.execute("DELETE FROM questions")
            self._database.execute("DELETE FROM unusable")
            source = iter(rows)
            while batch := list(islice(source, _BATCH)):
                self._take_in_batch(batch, intake, order)
        intake.fingerprint = order.hexdigest()
        return intake

    def forget_unfinished(self) -> None:
        """Drops outcomes that another try may change (transport failures, refusals), so that they are pending again."""
        with self._writing():
            self._database.execute("DELETE FROM outcomes WHERE final = 0")

    def pending(self, chunk: int = 256) -> Iterator[Pending]:
        """Questions of this run without an outcome, in input order, read a chunk at a time."""
        last = -1
        while rows := self._database.execute(_PENDING, (last, chunk)).fetchall():
            for position, digest, record in rows:
                yield Pending(position, digest, self._questions.decode(record))
            last = rows[-1][0]

    def pilot(self, size: int) -> list[Pending]:
        """A random sample of the questions, the same each time. Their outcomes are forgotten: asked again, the ledger
        answers, and shows what they took."""
        query = "SELECT position, digest, record FROM questions ORDER BY digest LIMIT ?"
        rows = self._database.execute(query, (size,)).fetchall()
        with self._writing():
            self._database.executemany("DELETE FROM outcomes WHERE digest = ?", [(digest,) for _, digest, _ in rows])
        return [Pending(position, digest, self._questions.decode(record)) for position, digest, record in rows]

    def in_random_order(self) -> Iterator[Outcome]:
        """Outcomes of this run in an order that has nothing to do with the input's and is the same each time."""
        query = "SELECT outcome FROM questions JOIN outcomes USING (digest) ORDER BY digest"
        for (outcome,) in self._database.execute(query):
            yield self._outcomes.decode(outcome)

    def questions(self) -> Iterator[Question]:
        """Questions of this run in input order."""
        for (record,) in self._database.execute("SELECT record FROM questions ORDER BY position"):
            yield self._questions.decode(record)

    def count_pending(self) -> int:
        """Number of questions of this run without an outcome."""
        (count,) = self._database.execute(
            "SELECT count(*) FROM questions WHERE digest NOT IN (SELECT digest FROM outcomes)"
        ).fetchone()
        return int(count)

    def add(self, outcomes: Iterable[tuple[bytes, Outcome]]) -> None:
        """Keeps the outcomes of questions that have ended, in one commit."""
        rows = [(digest, int(outcome.final), self._encoder.encode(outcome)) for digest, outcome in outcomes]
        with self._writing():
            self._database.executemany("INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?)", rows)

    def ended(self) -> Iterator[Outcome]:
        """Outcomes of this run in input order."""
        query = "SELECT outcome FROM questions JOIN outcomes USING (digest) ORDER BY position"
        for (outcome,) in self._database.execute(query):
            yield self._outcomes.decode(outcome)

    def unusable(self) -> Iterator[Rejection]:
        """Rows of the input that could not be used, in input order."""
        decode = msgspec.json.Decoder(Rejection).decode
        for (record,) in self._database.execute("SELECT record FROM unusable ORDER BY position"):
            yield decode(record)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One commit, or none of it; the system's refusal as a RunFolderError that says what to do."""
        try:
            with self._database:
                yield
        except sqlite3.OperationalError as error:
            raise RunFolderError(
                f"{self._path}: cannot write: {error}; make room or mend the disk, then run the same command again "
                "(every paid reply is in the ledger)"
            ) from error

    def close(self) -> None:
        """Closes the file; it may be opened again."""
        self._database.close()

    def _take_in_batch(self, batch: list[Question | Rejection], intake: Intake, order: hashlib.blake2b) -> None:
        questions, unusable = [], []
        for row in batch:
            position = intake.rows
            intake.rows += 1
            record = self._encoder.encode(row)
            order.update(record)
            if isinstance(row, Rejection):
                unusable.append((position, record))
            else:
                content = hashlib.blake2b(record, digest_size=16).digest()
                digest = hashlib.blake2b(content + self._plan_digest, digest_size=16).digest()
                questions.append((position, row.id, content, digest, record))
        before = self._database.total_changes
        self._database.executemany("INSERT OR IGNORE INTO questions VALUES (?, ?, ?, ?, ?)", questions)
        taken = self._database.total_changes - before
        intake.questions += taken
        if taken < len(questions):
            for position, id_, content, _, record in questions:
                known = self._database.execute(
                    "SELECT position, content FROM questions WHERE id = ?", (id_,)
                ).fetchone()
                if known[0] == position:
                    continue
                if known[1] == content:
                    intake.duplicates += 1
                else:
                    twice = self._duplicate_id(self._questions.decode(record), position, known[0])
                    unusable.append((position, self._encoder.encode(twice)))
        intake.unusable += len(unusable)
        self._database.executemany("INSERT INTO unusable VALUES (?, ?)", unusable)

    @staticmethod
    def _duplicate_id(question: Question, position: int, first: int) -> Rejection:
        detail = f"row {position + 1} has the id of row {first + 1} but other content; give it an id of its own"
        return Rejection.of(question, "read", "duplicate-id", detail, field="id", value=question.id)


def _open(path: Path) -> sqlite3.Connection:
    """Opens the file, or starts it anew where it is damaged or of another layout: it can always be made again."""
    try:
        database = _connect(path)
        (layout,) = database.execute("PRAGMA user_version").fetchone()
        tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if layout == _LAYOUT or not tables:
            return _prepare(database)
        database.close()
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise RunFolderError(
                f"{path}: cannot be opened: {error}; is the folder writable and the disk not full?"
            ) from error
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
    return _prepare(_connect(path))


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, check_same_thread=False)


def _prepare(database: sqlite3.Connection) -> sqlite3.Connection:
    database.execute("PRAGMA journal_mode = WAL")
    # A kill of the process loses nothing; a power cut may lose the last outcomes, which the ledger gives back.
    database.execute("PRAGMA synchronous = NORMAL")
    database.executescript(_SCHEMA)
    database.execute(f"PRAGMA user_version = {_LAYOUT}")
    database.commit()
    return database
