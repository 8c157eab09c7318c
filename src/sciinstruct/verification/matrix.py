r"""Matrices and column vectors: \begin{pmatrix}1&2\\3&4\end{pmatrix}, [[1,2],[3,4]], a scalar factor before them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sciinstruct.records import Verdict
from sciinstruct.verification.agreement import agreement
from sciinstruct.verification.expression import is_label, members, read_value, trimmed
from sciinstruct.verification.expression_parser import Node
from sciinstruct.verification.intervals import split_top
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Matrix", "compare", "parse"]

LIMIT = 2_000
MAX_CELLS = 64

_ENVIRONMENT = re.compile(
    r"(?P<factor>[^&]*?)(?:[(\[] ?)?\\begin ?\{ ?(?P<kind>[pbB]?(?:small)?matrix|array) ?\} ?(?:\{ ?[lcr| ]+ ?\})?"
    r"(?P<body>.*)\\end ?\{ ?(?P=kind) ?\}(?: ?[)\]])?(?P<rest>.*)$",
    re.DOTALL,
)
_TRANSPOSED = re.compile(r" ?\^ ?\{? ?(?:T|\\top|\\intercal) ?\}?$")
_ROW_END = re.compile(r"\\\\ ?(?:\[[^\]]{0,10}\])?|\\cr(?![a-z])")


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of trees; all rows are of one length."""

    rows: tuple[tuple[Node, ...], ...]

    @property
    def shape(self) -> str:
        return f"{len(self.rows)}x{len(self.rows[0])}"


def parse(text: str) -> Matrix | None:
    """The matrix or column vector that `text` consists of; None for everything else."""
    cleaned = trimmed(clean(text))
    if not cleaned or len(cleaned) > LIMIT:
        return None
    return _environment(cleaned) or _nested_lists(cleaned)


def compare(gold: Matrix, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Has `answer` the same shape and the same entries (rule "matrix")? A vector may be written as a row."""
    matrix = parse(answer) or _row(trimmed(clean(answer)))
    if matrix is None:
        return unknown("matrix", f"cannot read {shorten(answer)!r} as a matrix")
    one, other = gold.rows, matrix.rows
    if min(len(one), len(one[0])) == min(len(other), len(other[0])) == 1:
        one, other = (tuple(cell for row in one for cell in row),), (tuple(cell for row in other for cell in row),)
    if (len(one), len(one[0])) != (len(other), len(other[0])):
        return wrong("matrix", f"a {matrix.shape} matrix instead of {gold.shape}")
    doubt = ""
    for row, (left, right_side) in enumerate(zip(one, other, strict=True), 1):
        for column, (cell, its_cell) in enumerate(zip(left, right_side, strict=True), 1):
            outcome, why = agreement(cell, its_cell, policy)
            if outcome == "different":
                return wrong("matrix", f"row {row}, column {column}: {why}")
            doubt = doubt or (why if outcome == "unknown" else "")
    return unknown("matrix", doubt) if doubt else right("matrix", "the same entries")


def _environment(cleaned: str) -> Matrix | None:
    match = _ENVIRONMENT.match(cleaned)
    if match is None or "\\begin" in match["body"]:
        return None
    rest = match["rest"].strip()
    transposed = bool(_TRANSPOSED.fullmatch(match["rest"]))
    if rest and not transposed:
        return None
    factor = _factor(match["factor"].strip())
    rows = [row for row in _ROW_END.split(match["body"].replace("\\hline", "")) if row.strip()]
    matrix = _matrix([row.split("&") for row in rows], factor) if factor is not None else None
    if matrix is not None and transposed:
        return Matrix(tuple(zip(*matrix.rows, strict=True)))
    return matrix


def _factor(text: str) -> Node | None:
    """The scalar before a matrix, 1 where nothing or only `name =` stands there."""
    parts = members(text)
    if len(parts) > 2 or (len(parts) == 2 and not is_label(parts[0])):
        return None
    scalar = parts[-1].strip()
    if not scalar:
        return ("num", 1, 0, 0)
    if scalar == "-":
        return ("neg", ("num", 1, 0, 0))
    return read_value(re.sub(r"(?:\\times|\\cdot|[*·×]) ?$", "", scalar).strip())


def _matrix(cells: list[list[str]], factor: Node) -> Matrix | None:
    if not cells or not 0 < len(cells) * len(cells[0]) <= MAX_CELLS or any(len(row) != len(cells[0]) for row in cells):
        return None
    rows: list[tuple[Node, ...]] = []
    for row in cells:
        trees = [read_value(cell.strip()) for cell in row]
        read = tuple(tree for tree in trees if tree is not None)
        if len(read) < len(trees):
            return None
        rows.append(read if factor == ("num", 1, 0, 0) else tuple(("mul", factor, tree) for tree in read))
    return Matrix(tuple(rows))


def _nested_lists(cleaned: str) -> Matrix | None:
    """[[1,2],[3,4]]"""
    value = members(cleaned)[-1].replace(" ", "")
    if not (value.startswith("[[") and value.endswith("]]")):
        return None
    rows = split_top(value[1:-1], ",;")
    if any(not (row.startswith("[") and row.endswith("]")) for row in rows):
        return None
    return _matrix([split_top(row[1:-1], ",") for row in rows], ("num", 1, 0, 0))


def _row(cleaned: str) -> Matrix | None:
    """(1, 2, 3), with or without a sign of transposition, as a vector."""
    value = _TRANSPOSED.sub("", members(cleaned)[-1].strip())
    if len(value) < 3 or value[0] not in "([" or value[-1] not in ")]":
        return None
    return _matrix([split_top(value[1:-1], ",")], ("num", 1, 0, 0))
