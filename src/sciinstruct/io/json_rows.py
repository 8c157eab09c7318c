"""Rows out of JSON Lines and JSON files, with flat memory.

A `.json` file may hold JSON Lines, one array of rows, an object that holds such an array, or one row.
"""

from __future__ import annotations

import codecs
import gzip
import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

import msgspec

from ..errors import InputError
from .fields import NumberText, RowFault

__all__ = ["Row", "json_line_rows", "json_rows", "opened"]

Row = tuple[int, dict[str, Any] | RowFault]

_BOM = b"\xef\xbb\xbf"
_LONGEST_LINE = 8_000_000
_LONGEST_VALUE = 64_000_000  # characters
_CHUNK = 1 << 20
_BLANKS = re.compile(r"[ \t\r\n]*")
# arrays of objects that belong to one row and are no rows themselves
_PARTS_OF_A_ROW = frozenset({"options", "choices", "messages", "conversations", "answers", "meta"})


def opened(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where they are gzip; raises InputError for UTF-16."""
    with path.open("rb") as file:
        start = file.read(2)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(f"{path}: the file is UTF-16; save it as UTF-8")
    if start == b"\x1f\x8b" or (path.suffix.lower() == ".gz" and start):
        return gzip.open(path)  # type: ignore[return-value]
    return path.open("rb")


def json_line_rows(stream: IO[bytes]) -> Iterator[Row]:
    """One row per line; a line that is no JSON object is a RowFault, blank lines are skipped."""
    decode = msgspec.json.Decoder(dict[str, Any], float_hook=NumberText).decode
    for number, line in enumerate(iter(partial(stream.readline, _LONGEST_LINE), b""), start=1):
        try:
            yield number, decode(line)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
                _skip_line(stream)
                yield number, RowFault(f"the line is longer than {_LONGEST_LINE:,} bytes", value=line[:200])
            elif line.strip():
                yield number, _decode_odd_line(line.removeprefix(_BOM) if number == 1 else line)


def _skip_line(stream: IO[bytes]) -> None:
    while (rest := stream.readline(_LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


def _decode_odd_line(line: bytes) -> dict[str, Any] | RowFault:
    """What the strict decoder refused: NaN and the like count as missing, anything else is a RowFault that says why."""
    try:
        row = _decoder().decode(line.decode("utf-8").strip())
    except RecursionError:
        return RowFault("the line is nested too deeply", value=line)
    except UnicodeDecodeError as error:
        return RowFault(f"the line is not UTF-8: {error.reason} at byte {error.start}", value=line)
    except ValueError as error:
        return RowFault(f"the line is not JSON: {error}", value=line)
    return row if isinstance(row, dict) else RowFault("the line is not a JSON object", value=line)


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(parse_float=NumberText, parse_int=_integer, parse_constant=lambda constant: None)


def _integer(digits: str) -> int | str:
    """An integer; as text where it has more digits than Python converts without being asked to."""
    return int(digits) if len(digits) < 4_000 else NumberText(digits)


def json_rows(path: Path, stream: IO[bytes]) -> Iterator[Row]:
    """The rows of a `.json` file: lines, an array, an object that holds an array of objects, or a single object.

    Raises InputError where the text stops being JSON; the rows before that place have been yielded.
    """
    if _holds_lines(path):
        yield from json_line_rows(stream)
        return
    text = _JsonText(path, stream)
    start = text.peek()
    if start == "[":
        yield from text.items()
    elif start == "{":
        yield from _rows_of_object(text)
    else:
        raise text.error("neither an object nor an array")
    if text.peek():
        raise text.error("more text after the end of the JSON value")


def _holds_lines(path: Path) -> bool:
    """Whether the first line is a JSON value by itself, or looks like one object of many."""
    with opened(path) as stream:
        lines = (line.removeprefix(_BOM).strip() for line in iter(partial(stream.readline, _LONGEST_LINE), b""))
        filled = (line for line in lines if line)
        first, second = next(filled, b""), next(filled, b"")
    if not first.startswith(b"{"):
        return first.startswith(b"[") and second.startswith((b"[", b"{")) and _is_json(first)
    return second.startswith(b"{") and (first.endswith(b"}") or _is_json(second))


def _is_json(line: bytes) -> bool:
    try:
        msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return True


def _rows_of_object(text: _JsonText) -> Iterator[Row]:
    """The rows of the arrays of objects in an object; the object itself where it holds no such array."""
    line = text.line
    members: dict[str, Any] = {}
    has_rows = False
    text.take("{")
    while text.peek() != "}":
        key = text.value()
        if not isinstance(key, str):
            raise text.error("a key is not a text")
        text.take(":")
        if text.peek() == "[" and key not in _PARTS_OF_A_ROW and text.second() == "{":
            has_rows = True
            yield from text.items()
        else:
            members[key] = text.value()
        if text.peek() == ",":
            text.take(",")
    text.take("}")
    if not has_rows:
        yield line, members


def _past_blanks(text: str, start: int) -> int:
    match = _BLANKS.match(text, start)
    return match.end() if match else start


class _JsonText:
    """A JSON text read piece by piece: only the value at hand is in memory."""

    def __init__(self, path: Path, stream: IO[bytes]) -> None:
        self.line = 1
        self._path = path
        self._stream = stream
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._scan = _decoder().raw_decode
        self._buffer = ""
        self._at = 0
        self._ended = False

    def error(self, what: str) -> InputError:
        return InputError(f"{self._path}: not JSON at line {self.line}: {what}")

    def peek(self) -> str:
        """The next character that is no blank, "" at the end."""
        while True:
            self._advance(_past_blanks(self._buffer, self._at))
            if self._at < len(self._buffer) or not self._read():
                return self._buffer[self._at : self._at + 1]

    def second(self) -> str:
        """The first character inside the array that begins here."""
        while True:
            at = _past_blanks(self._buffer, self._at + 1)
            if at < len(self._buffer) or not self._read():
                return self._buffer[at : at + 1]

    def take(self, sign: str) -> None:
        if self.peek() != sign:
            raise self.error(f"{sign!r} is missing")
        self._advance(self._at + 1)

    def value(self) -> Any:
        """The JSON value that begins here."""
        self.peek()
        while True:
            try:
                value, end = self._scan(self._buffer, self._at)
            except RecursionError:
                raise self.error("nested too deeply") from None
            except json.JSONDecodeError as error:
                if self._may_be_cut(error) and self._read():
                    continue
                raise self.error(error.msg) from None
            # a number at the buffer's end may go on: "1" may be the beginning of "12", of "1.5" or of "1e+5"
            if len(self._buffer) - end > 2 or not self._read():
                self._advance(end)
                return value

    def items(self) -> Iterator[Row]:
        """The items of the array that begins here."""
        self.take("[")
        while self.peek() != "]":
            line = self.line
            item = self.value()
            yield line, item if isinstance(item, dict) else RowFault("the item is not a JSON object", value=item)
            if self.peek() == ",":
                self.take(",")
            elif self.peek() != "]":
                raise self.error("',' or ']' is missing")
        self.take("]")

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Whether the value may only be incomplete: reading on must not take in the rest of a broken file."""
        if len(self._buffer) - self._at > _LONGEST_VALUE:
            return False
        return error.msg.startswith("Unterminated string") or error.pos > len(self._buffer) - 16

    def _advance(self, end: int) -> None:
        self.line += self._buffer.count("\n", self._at, end)
        self._at = end

    def _read(self) -> bool:
        """Read on, dropping what has been consumed; twice as much each time while one value is not complete."""
        if self._ended:
            return False
        keep = self._buffer[self._at :]
        data = self._stream.read(max(_CHUNK, len(keep)))
        self._ended = not data
        try:
            self._buffer, self._at = keep + self._utf8.decode(data, final=self._ended), 0
        except UnicodeDecodeError as error:
            raise self.error(f"the text is not UTF-8: {error.reason}") from None
        return True
