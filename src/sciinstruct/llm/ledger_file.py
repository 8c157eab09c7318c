"""The ledger's file: its lock, its layout, and bringing an older layout up to date."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TextIO

from ..errors import RunFolderError

__all__ = ["APPLICATION_ID", "VERSION", "lock_for", "lock_ledger", "open_database", "open_for_reading"]

APPLICATION_ID = 0x53636949  # "SciI"
VERSION = 2

_CREATE_CALLS = """
CREATE TABLE calls (
    key BLOB PRIMARY KEY, model TEXT NOT NULL, stage TEXT NOT NULL, question_id TEXT NOT NULL, sample INTEGER NOT NULL,
    endpoint TEXT NOT NULL DEFAULT '', started REAL NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0,
    cost REAL NOT NULL, reply BLOB NOT NULL
)"""

_CREATE_TOTALS = """
CREATE TABLE totals (
    model TEXT NOT NULL, stage TEXT NOT NULL, calls INTEGER NOT NULL, prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL, cached_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL,
    cost REAL NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (model, stage)
)"""

_SUM_UP = """
INSERT INTO totals
SELECT model, stage, count(*),
    sum(coalesce(json_extract(reply, '$.prompt_tokens'), 0)),
    sum(coalesce(json_extract(reply, '$.completion_tokens'), 0)),
    sum(coalesce(json_extract(reply, '$.cached_tokens'), 0)),
    sum(coalesce(json_extract(reply, '$.reasoning_tokens'), 0)),
    sum(cost), sum(seconds)
FROM (SELECT model, stage, cost, seconds, CAST(reply AS TEXT) AS reply FROM calls) GROUP BY model, stage"""

# Of the writing connection alone, so that the file's layout does not hang on it. No `->>`, which SQLite has from 3.38.
_ADD_UP = """
CREATE TEMP TRIGGER add_up AFTER INSERT ON main.calls BEGIN
    INSERT INTO totals
    SELECT new.model, new.stage, 1,
        coalesce(json_extract(reply, '$.prompt_tokens'), 0),
        coalesce(json_extract(reply, '$.completion_tokens'), 0),
        coalesce(json_extract(reply, '$.cached_tokens'), 0),
        coalesce(json_extract(reply, '$.reasoning_tokens'), 0), new.cost, new.seconds
    FROM (SELECT CAST(new.reply AS TEXT) AS reply) WHERE true
    ON CONFLICT (model, stage) DO UPDATE SET
        calls = calls + excluded.calls,
        prompt_tokens = prompt_tokens + excluded.prompt_tokens,
        completion_tokens = completion_tokens + excluded.completion_tokens,
        cached_tokens = cached_tokens + excluded.cached_tokens,
        reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
        cost = cost + excluded.cost,
        seconds = seconds + excluded.seconds;
END"""

# SQLite goes back to the log's start once it holds 1,000 pages (4 MB).
_LOG_BYTES = 5 << 20

_MIGRATIONS = {
    1: (
        "ALTER TABLE calls ADD COLUMN endpoint TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE calls ADD COLUMN started REAL NOT NULL DEFAULT 0",
        "ALTER TABLE calls ADD COLUMN seconds REAL NOT NULL DEFAULT 0",
        _CREATE_TOTALS,
        _SUM_UP,
    )
}


def lock_for(path: Path) -> Path:
    """The lock file of the ledger at `path`; it stays when the ledger is closed."""
    return path.with_name(path.name + ".lock")


def lock_ledger(path: Path) -> TextIO:
    """Take the ledger for this process; closing the returned file lets go, and so does the end of the process.

    Raises:
        RunFolderError: Another process has it (named by its pid), or the folder cannot be written.
    """
    lock_path = lock_for(path)
    try:
        lock = lock_path.open("a+")
    except OSError as error:
        raise RunFolderError(f"{lock_path}: cannot write here ({error.strerror}); choose another folder") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "unknown"
        lock.close()
        raise RunFolderError(f"{path} is in use by process {owner}: wait until it ends, or stop it") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def open_database(path: Path) -> sqlite3.Connection:
    """The writing connection of a ledger that is new or of any version up to ours.

    Raises:
        RunFolderError: It cannot be opened or written, it is no ledger, or it is newer than this program.
    """
    try:
        with closing(_connect(path)) as database:
            _prepare(database, path)
        _reserve_log(path)
        database = _connect(path)
        try:
            database.execute("PRAGMA synchronous = FULL")
            database.execute(_ADD_UP)
        except BaseException:
            database.close()
            raise
    except (sqlite3.Error, OSError) as error:
        raise RunFolderError(f"{path}: cannot be used as a ledger ({error}); choose another path") from None
    return database


def _connect(path: Path) -> sqlite3.Connection:
    # autocommit: transactions are begun and ended by hand; the writer thread uses what another thread opened
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False)


def _reserve_log(path: Path) -> None:
    """Give the write-ahead log its room before it is used, where there is none yet.

    Flushing bytes written over others takes a fraction of the time that flushing a file that has grown takes (0.1
    against 4 ms on ext4), because the file system's own journal stays out of it. SQLite reads zeros as an empty log.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists():
        return
    room = path.with_name(path.name + ".room")
    try:
        with room.open("wb") as file:
            file.write(bytes(_LOG_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(OSError):  # a reader opened the ledger and so made the log, or a file system without links
            os.link(room, log)
    finally:
        room.unlink(missing_ok=True)


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that only reads a ledger of our version.

    Raises:
        RunFolderError: It is not there, no ledger, or of another version.
    """
    if not path.is_file():
        raise RunFolderError(f"{path}: there is no ledger here")
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        try:
            version = _version(database, path)
        except sqlite3.OperationalError:
            # a folder that cannot be written has no room for WAL's index; nobody writes there, so read it as it is
            database.close()
            if path.with_name(path.name + "-wal").exists():
                raise RunFolderError(
                    f"{path}: its last entries are still in {path.name}-wal, which needs a folder that can be written; "
                    "copy both files to one"
                ) from None
            database = sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False)
            version = _version(database, path)
    except sqlite3.Error as error:
        raise RunFolderError(f"{path}: cannot be read as a ledger ({error})") from None
    if version != VERSION:
        database.close()
        raise RunFolderError(
            f"{path}: a ledger of version {version}; run its own command once to bring it to {VERSION}"
        )
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    version = _version(database, path)
    database.execute("PRAGMA journal_mode = WAL")
    if version == VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    if version == 0:
        database.execute(_CREATE_CALLS)
        database.execute(_CREATE_TOTALS)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    for step in range(version or VERSION, VERSION):
        for statement in _MIGRATIONS[step]:
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")


def _version(database: sqlite3.Connection, path: Path) -> int:
    """The layout's version, 0 for a new file.

    Raises:
        RunFolderError: Somebody else's database, or a newer version.
    """
    owner = database.execute("PRAGMA application_id").fetchone()[0]
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner == 0 and version == 0 and tables == 0:
        return 0
    if owner != APPLICATION_ID:
        raise RunFolderError(f"{path}: a SQLite file of another program, not a ledger; choose another path")
    if version > VERSION:
        raise RunFolderError(
            f"{path}: a ledger of version {version}, written by a newer sciinstruct; this one knows {VERSION}: upgrade"
        )
    return version
