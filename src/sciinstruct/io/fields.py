"""Which column of a row is which field of a question.

Column names are compared in lower case with blanks as underscores. The first column that holds something wins, so a
row with an empty `answer` and a filled `label` still has its reference answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import ConfigError

__all__ = ["FIELDS", "Columns", "NumberText", "RowFault", "check_mapping"]

# our field -> names of columns that mean it, the most telling first
FIELDS: dict[str, tuple[str, ...]] = {
    "id": ("id", "question_id", "qid", "uid"),
    "question": ("question", "problem_text", "problem", "query", "prompt", "instruction"),
    "passage": ("passage",),
    "options": ("options", "choices"),
    "answer": (
        "answer",
        "reference_answer",
        "reference",
        "gold_answer",
        "gold",
        "ground_truth_answer",
        "ground_truth",
        "correct_answer",
        "final_answer",
        "answer_key",
        "answerkey",
        "label",
        "target",
        "answer_number",
    ),
    "answer_index": ("answer_index", "answer_idx", "correct_index"),
    "unit": (),
    "subject": ("subject", "domain", "discipline", "category"),
    "topic": ("topic", "subtopic", "subfield"),
    "type": ("question_type", "type", "answer_type"),
    "language": ("language", "lang"),
    "source": ("source", "dataset"),
    "licence": ("licence", "license"),
    "reasoning": ("reasoning", "proof"),
    "meta": ("meta", "metadata"),
}

NO_COLUMN = "none"  # in a mapping: there is no such column, whatever the names say

_KEPT_IN_META = frozenset({"unit"})
_LETTER_COLUMN = re.compile(r"(?:option|choice)[ _]?([a-z])|([A-Z])", re.IGNORECASE)


class NumberText(str):
    """A JSON number with a fraction or exponent, as it was written ("3.0" is not "3")."""

    __slots__ = ()


class RowFault(Exception):
    """Why a row cannot be used: the field, its value, and what is wrong in words."""

    def __init__(self, detail: str, field: str | None = None, value: Any = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.value = value


class Columns:
    """Which columns of a row with these names hold which field; made once per set of names."""

    __slots__ = (*FIELDS, "extra", "lean", "letters", "takes_input")

    id: tuple[str, ...]
    question: tuple[str, ...]
    passage: tuple[str, ...]
    options: tuple[str, ...]
    answer: tuple[str, ...]
    answer_index: tuple[str, ...]
    unit: tuple[str, ...]
    subject: tuple[str, ...]
    topic: tuple[str, ...]
    type: tuple[str, ...]
    language: tuple[str, ...]
    source: tuple[str, ...]
    licence: tuple[str, ...]
    reasoning: tuple[str, ...]
    meta: tuple[str, ...]

    def __init__(self, names: tuple[str, ...], mapping: Mapping[str, str]) -> None:
        """Args: names: the row's column names; mapping: our field -> their column ("none": do not read it)."""
        by_key: dict[str, str] = {}
        for name in names:
            by_key.setdefault(name.strip().lower().replace(" ", "_"), name)
        found: tuple[str, ...]
        for field, aliases in FIELDS.items():
            if field in mapping:
                found = (mapping[field],) if mapping[field] in names else ()
            else:
                found = tuple(by_key[alias] for alias in aliases if alias in by_key)
            setattr(self, field, found)
        if "unit" not in mapping and self.answer and self.answer[0].lower() == "answer_number":
            self.unit = (by_key["unit"],) if "unit" in by_key else ()  # SciBench: the number alone is not the value
        self.takes_input = "input" in by_key and bool(self.question) and self.question[0].lower() == "instruction"
        self.letters = self._letter_columns(names) if not self.options and "options" not in mapping else ()
        self.lean = "statement" in by_key and "proof" in by_key and not self.question
        used = {getattr(self, field)[0] for field in FIELDS if getattr(self, field) and field not in _KEPT_IN_META}
        used.update(column for _, column in self.letters)
        self.extra = tuple(name for name in names if name not in used)

    @staticmethod
    def _letter_columns(names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """Columns A, B, C, … or option_a, option_b, …: (letter, column), if A and B are there."""
        found: dict[str, str] = {}
        for name in names:
            match = _LETTER_COLUMN.fullmatch(name.strip())
            if match and (match[1] or name.strip().isupper()):
                found.setdefault((match[1] or match[2]).upper(), name)
        if not {"A", "B"} <= found.keys():
            return ()
        return tuple(sorted(found.items()))


def check_mapping(mapping: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Raise ConfigError where the mapping names a field of ours, or a column of theirs, that does not exist.

    Args:
        mapping: Our field -> their column; the column "none" means that the field is not to be read.
        rows: The first rows of the input.
    """
    for field in mapping:
        if field not in FIELDS:
            raise ConfigError(f"map: no field {field!r}; the fields are {', '.join(FIELDS)}")
    missing = {column: field for field, column in mapping.items() if column != NO_COLUMN}
    seen: dict[str, None] = {}
    for row in rows:
        for column in row:
            seen[column] = None
            missing.pop(column, None)
        if not missing:
            return
    for column, field in missing.items():
        if seen:
            raise ConfigError(f"map: no column {column!r} (for {field}); the columns are {', '.join(seen)}")
