"""`--config FILE.yaml`: the keys of the file are the flags of the command, so both are checked in the same way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from ..annotation.config import AnnotateConfig, entries_of
from ..collection.config import CollectConfig
from ..errors import ConfigError

__all__ = ["expand_config"]


def expand_config(tokens: list[str]) -> list[str]:
    """`tokens` of a command line with `--config FILE` replaced by the flags that the file stands for.

    A flag on the command line beats the same key in the file, and so do positional arguments the key `questions` (for
    `collect`: `sources`), which stands for them. A flag without a value is given where its key is true.
    Raises ConfigError where the file cannot be read or is not a mapping, and for such a key that is not true or false.
    """
    path, rest = _take_config(tokens)
    if path is None:
        return tokens
    given = {_name(token) for token in rest if token.startswith("--")}
    switches = _switches(rest[0] if rest else "")
    positional: list[str] = []
    flags: list[str] = []
    for key, value in _read(path).items():
        name = _name(str(key))
        if name in given or value is None:
            continue
        if name in ("questions", "sources"):
            positional += [str(item) for item in (value if isinstance(value, list) else [value])]
        elif name in switches:
            if not isinstance(value, bool):
                raise ConfigError(f"--config {path}: {key}: {value!r} is neither true nor false")
            flags += [f"--{name}"] if value else []
        else:
            flags += _flags(name, value)
    return [*rest[:1], *([] if _has_positional(rest[1:], switches) else positional), *flags, *rest[1:]]


def _name(token: str) -> str:
    """The name of a flag or key as flags are written: `--max_calls=9` and `max_calls` are max-calls."""
    return token.split("=", 1)[0].lstrip("-").replace("_", "-")


def _switches(verb: str) -> set[str]:
    """The flags of the command that take no value; all are off unless given."""
    config = {"annotate": AnnotateConfig, "collect": CollectConfig}.get(verb)
    return {_name(field.name) for field in fields(config) if field.default is False} if config else set()


def _has_positional(tokens: list[str], switches: set[str]) -> bool:
    """Whether a token is neither a flag nor the value of one."""
    is_value = False
    for token in tokens:
        if is_value:
            is_value = False
        elif token == "--" or not token.startswith("-"):
            return True
        else:
            is_value = "=" not in token and _name(token) not in switches
    return False


def _take_config(tokens: list[str]) -> tuple[Path | None, list[str]]:
    for index, token in enumerate(tokens):
        if token == "--config" and index + 1 < len(tokens):
            return Path(tokens[index + 1]), tokens[:index] + tokens[index + 2 :]
        if token.startswith("--config="):
            return Path(token.partition("=")[2]), tokens[:index] + tokens[index + 1 :]
    return None, tokens


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"--config {path}: cannot be read: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"--config {path}: expected keys with values, as in `concurrency: 64`")
    return data


def _flags(name: str, value: Any) -> Iterator[str]:
    entries = entries_of(name, value) if isinstance(value, dict) else value if isinstance(value, list) else [value]
    for entry in entries:
        yield from (f"--{name}", str(entry))
