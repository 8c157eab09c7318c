"""The options of `collect`: one definition for the command line, YAML files and Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import ConfigError

__all__ = ["CollectConfig"]


@dataclass(frozen=True, kw_only=True)
class CollectConfig:
    """Options of `collect`; each field is a flag, a YAML key and a keyword argument of the same name."""

    out: Path
    "Folder to write: questions.jsonl, rejected.parquet, manifest.json, config.yaml."
    against: tuple[Path, ...] = ()
    "Benchmark files or folders; questions that stand in them are dropped (same) or flagged (template)."

    source_file: tuple[Path, ...] = ()
    "YAML source files of your own (names, mapping, licence, origin); they come before the built-in ones."
    map: tuple[str, ...] = ()
    "COLUMN=FIELD: take FIELD (question, answer, options, id, subject, …) from your COLUMN, in all sources."
    default: tuple[str, ...] = ()
    "FIELD=VALUE for rows that have none (subject, topic, type, language, source, licence)."

    figures: Literal["drop", "keep"] = "drop"
    "Questions that point at a figure which is not there."
    templates: Literal["keep", "drop"] = "keep"
    "Questions with the wording of an earlier one and other numbers: keep them with a mark, or drop them."
    duplicates: Literal["drop", "keep"] = "drop"
    "Questions that repeat another, exactly or nearly; keep does not look for them at all."

    plant: int = 200
    "Leaks of each kind that are planted to measure the recall of decontamination; 0 plants none."
    seed: int = 0
    "Seed of the planted leaks."

    helpers: int = 1
    "Processes beside the main one that clean and tag; they start where there are more than 5,000 rows."

    lean: str = ""
    'Command that checks a Lean file, for example "lake env lean"; without it no proof is called checked.'
    lean_header: str = "import Mathlib"
    "First lines of every file that Lean is given."
    lean_project: Path | None = None
    "Folder in which the Lean command is run (a lake project)."
    lean_seconds: float = 60.0
    "Time limit of one check."

    def __post_init__(self) -> None:
        for name in ("against", "source_file"):
            _set(self, name, tuple(map(Path, _as_tuple(getattr(self, name)))))
        for name in ("map", "default"):
            value = getattr(self, name)
            if isinstance(value, Mapping):
                value = tuple(f"{key}={entry}" for key, entry in value.items())
            _set(self, name, _as_tuple(value))
            self.pairs(name)
        _set(self, "out", Path(self.out))
        if self.lean_project is not None:
            _set(self, "lean_project", Path(self.lean_project))
        self._check()

    def _check(self) -> None:
        for name in ("figures", "templates", "duplicates"):
            if getattr(self, name) not in ("drop", "keep"):
                raise ConfigError(f"{name}: {getattr(self, name)!r} is neither drop nor keep")
        if self.helpers < 0:
            raise ConfigError(f"helpers: {self.helpers} is less than 0")
        if self.plant < 0:
            raise ConfigError(f"plant: {self.plant} is less than 0")
        if self.lean_seconds <= 0:
            raise ConfigError(f"lean_seconds: {self.lean_seconds} is not more than 0")

    def pairs(self, name: Literal["map", "default"] | str) -> dict[str, str]:
        """The "KEY=VALUE" entries of `map` or `default`; raises ConfigError for one without a key or a value."""
        result = {}
        for entry in getattr(self, name):
            key, equals, value = entry.partition("=")
            if not equals or not key.strip() or not value.strip():
                raise ConfigError(f"{name}: {entry!r} is not of the form KEY=VALUE")
            result[key.strip()] = value.strip()
        return result

    def as_dict(self) -> dict[str, Any]:
        """The options as plain values, as they stand in config.yaml."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def _set(config: CollectConfig, name: str, value: Any) -> None:
    object.__setattr__(config, name, value)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str | Path) else tuple(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
