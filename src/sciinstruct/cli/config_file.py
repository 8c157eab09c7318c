"""`--config FILE.yaml`: the keys of the file are the flags of the command, so both are checked in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import ConfigError

__all__ = ["expand_config"]


def expand_config(tokens: list[str]) -> list[str]:
    """`tokens` of a command line with `--config FILE` replaced by the flags that the file stands for.

    A flag on the command line beats the same key in the file. The key `questions` (for `collect`: `sources`) stands
    for the positional arguments.
    Raises ConfigError where the file cannot be read or is not a mapping.
    """
    path, rest = _take_config(tokens)
    if path is None:
        return tokens
    given = {token.split("=", 1)[0].lstrip("-") for token in rest if token.startswith("--")}
    positional: list[str] = []
    flags: list[str] = []
    for key, value in _read(path).items():
        name = str(key).replace("_", "-")
        if name in ("questions", "sources"):
            positional += [str(item) for item in (value if isinstance(value, list) else [value])]
        elif name not in given:
            flags += _flags(name, value)
    has_questions = len(rest) > 1 and not rest[1].startswith("-")
    return [*rest[:1], *([] if has_questions else positional), *rest[1:], *flags]


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
    if value is None:
        return
    if isinstance(value, dict):
        for key, entry in value.items():
            yield from (f"--{name}", f"{key}={_text(entry)}")
    elif isinstance(value, list):
        for entry in value:
            yield from (f"--{name}", _text(entry))
    else:
        yield from (f"--{name}", _text(value))


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, bool):
        return json.dumps(value)
    return str(value)
