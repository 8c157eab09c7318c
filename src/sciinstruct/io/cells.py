"""Texts out of the cells of a row, checked: what is no text, too long or no Unicode is a `RowFault`."""

from __future__ import annotations

from numbers import Number
from typing import Any

from .fields import NumberText, RowFault

__all__ = [
    "LONGEST_TEXT",
    "check_length",
    "clean",
    "first",
    "kind_of",
    "label",
    "optional_text",
    "plain",
    "scalar",
    "shown",
    "writable",
]

LONGEST_TEXT = 200_000  # characters in one field of a question
_SHOWN = 200  # characters of a value in a rejection
_DEEPEST = 100  # lists and objects inside each other in a further column


def first(row: dict[str, Any], columns: tuple[str, ...]) -> Any:
    """What the first of these columns that is not empty holds."""
    for column in columns:
        value = row[column]
        if value is not None and value != "":
            return value
    return None


def label(row: dict[str, Any], columns: tuple[str, ...]) -> str | None:
    """A short descriptive text; anything else than a text or an integer is no label."""
    value = first(row, columns)
    if type(value) is str:
        return value if value.isascii() else clean(value, columns[0])
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return clean(str(value), columns[0]) if isinstance(value, str) or type(value) is int else None


def optional_text(row: dict[str, Any], columns: tuple[str, ...], field: str) -> str | None:
    value = first(row, columns)
    if value is None:
        return None
    text = scalar(value, field)
    check_length(field, text)
    return text if text.strip() else None


def scalar(value: Any, field: str) -> str:
    """A text or a number as text, a truth value as True or False."""
    if isinstance(value, str):
        return clean(value, field)
    if isinstance(value, Number):
        return str(value)
    raise RowFault(f"the {field} is neither text nor number but {kind_of(value)}", field, value)


def clean(text: str, field: str) -> str:
    """The text as an exact `str`; raises RowFault where it holds lone surrogates, which no file can keep."""
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise RowFault(f"the {field} is not valid Unicode text", field, text) from None
    return text if type(text) is str else str(text)


def check_length(field: str, text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise RowFault(f"the {field} is longer than {LONGEST_TEXT:,} characters: {len(text):,}", field, text)


def plain(value: Any, depth: int = 0) -> Any:
    """A value of a further column as JSON has it; what JSON cannot hold (an image, a date) becomes text."""
    if depth > _DEEPEST:
        raise RowFault(f"the meta is nested more than {_DEEPEST} levels deep", "meta")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, NumberText):
        return float(value)
    if isinstance(value, str):
        return clean(value, "meta")
    if isinstance(value, dict):
        return {clean(str(key), "meta"): plain(part, depth + 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, depth + 1) for part in value]
    return str(value)[:_SHOWN]


def kind_of(value: Any) -> str:
    """What a value is, in words, with an article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a truth value"
    if isinstance(value, NumberText | Number):
        return "a number"
    names = {"str": "a text", "dict": "an object", "list": "a list", "tuple": "a list"}
    return names.get(type(value).__name__, f"of the type {type(value).__name__}")


def shown(value: Any) -> str | None:
    """The beginning of a value, as text that can be written."""
    if value is None:
        return None
    if isinstance(value, bytes):
        value = value[: 4 * _SHOWN].decode("utf-8", "replace").rstrip("\r\n")
    try:
        text = value if isinstance(value, str) else repr(value)
    except RecursionError:
        text = f"{kind_of(value)}, nested too deeply to be shown"
    return writable(text[: _SHOWN - 1] + "…" if len(text) > _SHOWN else text)


def writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
