"""The run folder: where everything of one run lies, locked against a second writer.

config.yaml            what was asked, fully resolved
manifest.json          versions, digests, counts, cost, changes of the config
ledger.sqlite          every call
progress.sqlite        how far each question is
attempts.parquet       one row per attempt
instructions.parquet   the accepted questions with their reasoning
rejected.parquet       the rest, with stage and reason
README.md              the data set card
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from ..errors import RunFolderError
from .atomic import remove_leftovers, write_text

__all__ = ["RunFolder", "config_difference", "is_run"]

_LOCK = ".lock"
_LOCK_WORDS = "sciinstruct run folder; last writer: "
_FORMAT = {"format": "sciinstruct run", "format_version": 1}


class RunFolder:
    """A run folder that is open; `open` makes one. As a context manager it gives up its lock at the end."""

    def __init__(self, path: Path, lock: int | None = None) -> None:
        """Use `open`. Args: path: the folder; lock: the descriptor that holds its lock."""
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: str | Path, create: bool = False, lock: bool = True) -> Self:
        """Open a run folder.

        Args:
            path: The folder.
            create: Make it where it is missing or empty.
            lock: Keep every other writer out until it is closed; False is for reading alone.

        Raises:
            RunFolderError: The folder is missing (without `create`), holds other things than a run, cannot be
                written, or is in use by another process.
        """
        path = Path(path)
        try:
            if create:
                path.mkdir(parents=True, exist_ok=True)
            _check(path, create)
            descriptor = _lock_folder(path) if lock else None
        except OSError as error:
            words = error.strerror or str(error)
            raise RunFolderError(f"{path}: cannot be used as a run folder: {words}; choose another folder") from error
        if lock:
            remove_leftovers(path)
        return cls(path, descriptor)

    def close(self) -> None:
        """Give up the lock; the folder stays."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.sqlite"

    @property
    def progress(self) -> Path:
        return self.path / "progress.sqlite"

    @property
    def attempts(self) -> Path:
        return self.path / "attempts.parquet"

    @property
    def instructions(self) -> Path:
        return self.path / "instructions.parquet"

    @property
    def rejected(self) -> Path:
        return self.path / "rejected.parquet"

    @property
    def card(self) -> Path:
        return self.path / "README.md"

    def read_config(self) -> dict[str, Any]:
        """What was asked; empty where nothing has been written yet."""
        if not self.config.exists():
            return {}
        try:
            config = yaml.safe_load(self.config.read_text("utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise RunFolderError(f"{self.config}: not readable: {error}; mend or remove it") from error
        return config if isinstance(config, dict) else {}

    def write_config(self, config: Mapping[str, Any]) -> dict[str, list[Any]]:
        """Keep what is asked now; a difference to what was asked before is added to the manifest's `config_changes`.

        Returns:
            The difference: key -> [before, now]; empty at the first time and where nothing changed.
        """
        known = self.config.exists()
        changes = config_difference(self.read_config(), config) if known else {}
        if changes:
            manifest = self.read_manifest()
            now = datetime.now(UTC).isoformat(timespec="seconds")
            manifest["config_changes"] = [*manifest.get("config_changes", []), {"at": now, "changes": changes}]
            self.write_manifest(manifest)
        if changes or not known:
            write_text(self.config, yaml.safe_dump(_as_plain(config), sort_keys=False, allow_unicode=True))
        return changes

    def read_manifest(self) -> dict[str, Any]:
        """The manifest; empty where none has been written yet."""
        if not self.manifest.exists():
            return {}
        try:
            manifest = json.loads(self.manifest.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise RunFolderError(f"{self.manifest}: not readable: {error}; mend or remove it") from error
        if not isinstance(manifest, dict):
            raise RunFolderError(f"{self.manifest}: not a manifest but a {type(manifest).__name__}; mend or remove it")
        return manifest

    def write_card(self, text: str) -> None:
        """Replace the data set card."""
        write_text(self.card, text)

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        """Replace the manifest; `config_changes` that were recorded stay unless given."""
        if "config_changes" not in manifest and self.manifest.exists():
            changes = self.read_manifest().get("config_changes")
            manifest = {**manifest, "config_changes": changes} if changes else manifest
        write_text(self.manifest, json.dumps({**_FORMAT, **manifest}, indent=2, ensure_ascii=False) + "\n")


def config_difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Which options changed: dotted key -> [before, now], None where a key is missing."""
    old, new = _flat(_as_plain(before)), _flat(_as_plain(now))
    return {
        key: [old.get(key), new.get(key)] for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)
    }


def _as_plain(value: Any) -> Any:
    """A value as YAML reads it back: dicts, lists, texts and numbers."""
    if isinstance(value, Mapping):
        return {str(key): _as_plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_plain(part) for part in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, part in value.items():
        if isinstance(part, Mapping) and part:
            flat |= _flat(part, f"{prefix}{key}.")
        else:
            flat[prefix + key] = part
    return flat


def _check(path: Path, create: bool) -> None:
    """Raise RunFolderError unless the folder is a run folder, or empty and to be made one."""
    if not path.is_dir():
        raise RunFolderError(f"{path}: no run folder here; run `sciinstruct annotate … --out {path}` first")
    if is_run(path):
        return
    others = sorted(entry.name for entry in path.iterdir() if entry.name != _LOCK)
    if others:
        shown = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise RunFolderError(f"{path}: not a run folder, and it holds other files ({shown}); choose an empty folder")
    if not create:
        raise RunFolderError(f"{path}: the folder is empty; run `sciinstruct annotate … --out {path}` first")


def is_run(path: Path) -> bool:
    """Whether the folder is a run folder, by the words in its lock or the format in its manifest."""
    lock = path / _LOCK
    if lock.is_file() and lock.read_text("utf-8", errors="replace").startswith(_LOCK_WORDS):
        return True
    try:  # a copy of a run may have lost its hidden file
        manifest = json.loads((path / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(manifest, dict) and manifest.get("format") == _FORMAT["format"]


def _lock_folder(path: Path) -> int:
    """Take the lock of a folder; the system gives it back when the process ends, however it ends."""
    file = path / _LOCK
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        words = f"{_LOCK_WORDS}pid {os.getpid()} on {socket.gethostname()}\n".encode()
        # Written over, then cut: killed in between, the folder still has the words that mark it as a run.
        os.pwrite(descriptor, words, 0)
        os.ftruncate(descriptor, len(words))
    except BlockingIOError:
        os.close(descriptor)
        holder = file.read_text("utf-8", errors="replace").removeprefix(_LOCK_WORDS).strip() or "another process"
        raise RunFolderError(f"{path}: in use by {holder}; wait for it to end, or choose another folder") from None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
