"""The piecewise JSON reader agrees with the standard library wherever the pieces are cut."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.errors import InputError
from sciinstruct.io import json_rows as module
from sciinstruct.io.fields import NumberText, RowFault
from sciinstruct.io.json_rows import json_rows

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(TEXT, VALUE, max_size=4), max_size=6)


@pytest.fixture(params=[1, 7, 64, 1 << 20])
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(module, "_CHUNK", request.param)
    return int(request.param)


def numbers(value: Any) -> Any:
    """Numbers that kept their text as numbers again."""
    if isinstance(value, NumberText):
        return float(value)
    if isinstance(value, dict):
        return {key: numbers(part) for key, part in value.items()}
    return [numbers(part) for part in value] if isinstance(value, list) else value


def read(folder: Path, text: str) -> list[tuple[int, Any]]:
    path = folder / "q.json"
    path.write_text(text, "utf-8")
    return [(line, numbers(row)) for line, row in json_rows(path, io.BytesIO(text.encode()))]


@given(rows=ROWS, indent=st.sampled_from([None, 0, 2]), ascii_only=st.booleans())
def test_arrays(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], indent: int | None, ascii_only: bool
) -> None:
    folder = tmp_path_factory.mktemp("j")
    for piece in (1, 7, 64):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "_CHUNK", piece)
            text = json.dumps(rows, indent=indent, ensure_ascii=ascii_only)
            assert [row for _, row in read(folder, text)] == rows
            text = json.dumps({"n": 1.5, "rows": rows, "tail": []}, indent=indent, ensure_ascii=ascii_only)
            expected = rows or [json.loads(text)]
            assert [row for _, row in read(folder, "\ufeff" + text)] == expected


def test_line_numbers(tmp_path: Path, piece: int) -> None:
    text = '[\n\n {"a": 1},\n {"a":\n 2}, 7,\n{"a": 3}\n]\n'
    assert [line for line, _ in read(tmp_path, text)] == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("text", "rows", "words"),
    [
        ('[{"a": 1}, {"b": ', 1, "at line 1"),
        ('[{"a": 1}\n {"b": 2}]', 1, "at line 2: ',' or ']' is missing"),
        ('[{"a": 1}]\n]', 1, "at line 2: more text after the end"),
        ('[{"a": "x\ny"}]', 0, "at line 1: Invalid control character"),
        ('{"rows": [{"a": 1}], "b" 2}', 1, "at line 1: ':' is missing"),
        ('{"rows": [{"a": 1}],\n [1]: 2}', 1, "at line 2: a key is not a text"),
        ("[" * 100_000, 0, "nested too deeply"),
        ('"text"', 0, "neither an object nor an array"),
    ],
)
def test_texts_that_stop_being_json(tmp_path: Path, piece: int, text: str, rows: int, words: str) -> None:
    path = tmp_path / "q.json"
    path.write_text(text, "utf-8")
    seen: list[Any] = []
    with pytest.raises(InputError) as raised:
        for _, row in json_rows(path, io.BytesIO(text.encode())):
            assert not isinstance(row, RowFault)
            seen.append(row)
    assert len(seen) == rows
    assert str(path) in str(raised.value)
    assert words in str(raised.value)


def test_a_broken_place_early_in_a_big_file_is_found_at_once(tmp_path: Path) -> None:
    class Counting(io.BytesIO):
        taken = 0

        def read(self, size: int | None = -1) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    text = '[{"a": 1}, {"b": oops}, ' + '{"c": 1}, ' * 1_000_000
    path = tmp_path / "q.json"
    path.write_text(text, "utf-8")
    stream = Counting(text.encode())
    with pytest.raises(InputError, match="Expecting value"):
        list(json_rows(path, stream))
    assert stream.taken <= module._CHUNK
