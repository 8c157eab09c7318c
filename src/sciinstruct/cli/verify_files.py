"""`verify` on files: pairs in, verdicts out; a finished run checked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ..annotation.config import pairs as key_values
from ..errors import InputError
from ..io import read_attempts, read_instructions, read_rejections
from ..io.fields import RowFault
from ..io.rows import find_files, read_rows
from ..records import Attempt, Verdict
from ..verification import Policy, Verifier
from ..verification.scoring import score

__all__ = ["Reference", "expectation", "options_of", "recheck_run", "references_of", "rows_of", "verify_pairs"]

_SHOWN = 20
_YES = frozenset(("true", "yes", "1", "right", "correct"))
_NO = frozenset(("false", "no", "0", "wrong", "incorrect"))
# Verdicts on the form of a reply, or by agreement or proof: the rules of answers have no say in them.
_NOT_OF_RULES = frozenset(
    ("content-filter", "truncated", "no-solution", "leak", "agreement", "static", "lean", "refused")
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What an attempt of a run was checked against."""

    gold: str
    question: str
    options: dict[str, str] | None


# -- pairs -----------------------------------------------------------------------------------------------------------


def verify_pairs(
    paths: Sequence[Path],
    out: Path,
    mapping: Sequence[str] = (),
    policy: Policy | None = None,
    *,
    symbolic: bool = True,
) -> list[str]:
    """Checks every row of the files and writes its verdict to `out`; returns the summary as lines.

    Raises InputError for files that cannot be read and for a row without `gold` or without `prediction` and
    `solution`, named by file and line.
    """
    verifier = Verifier(policy)
    check = verifier.decide if symbolic else verifier.check
    values: Counter[str] = Counter()
    expected: list[tuple[bool, Verdict]] = []
    disagreements: list[str] = []
    try:
        with _written(out) as stream:
            for where, row in rows_of(paths, mapping):
                verdict = check(
                    _text(row, "gold", where),
                    _optional_text(row, "solution"),
                    prediction=_optional_text(row, "prediction"),
                    question=_optional_text(row, "question"),
                    options=options_of(row.get("options"), where),
                )
                stream.write(_line({"id": row.get("id", where), **_fields(verdict)}))
                values[verdict.value] += 1
                wanted = expectation(row.get("expected"), where)
                if wanted is not None:
                    expected.append((wanted, verdict))
                    if wanted != (verdict.value == "right"):
                        disagreements.append(_disagreement(row.get("id", where), wanted, verdict, row["gold"]))
    finally:
        verifier.close()
    lines = [f"{sum(values.values())} pairs: " + ", ".join(f"{values[v]} {v}" for v in ("right", "wrong", "unknown"))]
    if expected:
        lines += ["", *score(expected).lines(), "", f"{len(disagreements)} disagreements", *disagreements]
    return lines


def rows_of(paths: Sequence[Path], mapping: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(file:line, row) with columns renamed; raises InputError for a row that is none."""
    renamed = key_values("map", tuple(mapping))
    for file in find_files(paths):
        for number, row in read_rows(file):
            if isinstance(row, RowFault):
                raise InputError(f"{file}:{number}: {row.detail}")
            yield (
                f"{file}:{number}",
                {**row, **{field: row[column] for column, field in renamed.items() if column in row}},
            )


def _text(row: dict[str, Any], field: str, where: str) -> str:
    value = row.get(field)
    if value is None:
        raise InputError(f"{where}: there is no field {field!r}; rename yours with --map COLUMN={field}")
    if field == "gold" and row.get("prediction") is None and row.get("solution") is None:
        raise InputError(f"{where}: there is neither 'prediction' nor 'solution'; rename yours with --map")
    return str(value)


def _optional_text(row: dict[str, Any], field: str) -> str | None:
    value = row.get(field)
    return None if value is None else str(value)


def options_of(value: Any, where: str) -> dict[str, str] | None:
    """Options as a mapping of letters; a list is lettered A, B, …"""
    if not value:
        return None
    if isinstance(value, dict):
        return {str(key): str(text) for key, text in value.items()}
    if isinstance(value, list):
        return {chr(ord("A") + n): str(text) for n, text in enumerate(value[:26])}
    raise InputError(f"{where}: field 'options': expected an object of letters or a list, found {value!r:.80}")


def expectation(value: Any, where: str) -> bool | None:
    """What a label says: true, false, or None where there is none; raises InputError for anything else."""
    if value is None or value == "":
        return None
    word = str(value).lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise InputError(f"{where}: field 'expected': expected true or false, found {value!r:.80}")


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {
        "verdict": verdict.value,
        "rule": verdict.rule,
        "reason": verdict.reason,
        "extracted": verdict.extracted,
    }


def _disagreement(name: object, wanted: bool, verdict: Verdict, gold: object) -> str:
    answer = (verdict.extracted or "")[-80:].replace("\n", " ")
    return (
        f"  {name}: expected {'yes' if wanted else 'no'}, {verdict.value} by {verdict.rule}: "
        f"{str(gold)[:80]!r} against {answer!r} ({verdict.reason[:100]})"
    )


# -- a finished run --------------------------------------------------------------------------------------------------


def recheck_run(run: Path, out: Path, policy: Policy | None = None, *, symbolic: bool = True) -> list[str]:
    """Checks a run's attempts with today's rules; writes one row per attempt, returns which verdicts change.

    The judge's verdicts stand where today's rules still leave the answer open.
    """
    references = references_of(run)
    verifier = Verifier(policy)
    check = verifier.decide if symbolic else verifier.check
    changes: Counter[tuple[str, str]] = Counter()
    examples: list[str] = []
    total = 0
    try:
        with _written(out) as stream:
            for attempt in read_attempts(run):
                reference = references.get(attempt.question_id)
                if reference is None or attempt.verdict.rule in _NOT_OF_RULES:
                    continue
                verdict = check(
                    reference.gold, attempt.solution, question=reference.question, options=reference.options
                )
                verdict = _standing(attempt.verdict, verdict)
                changed = verdict.value != attempt.verdict.value
                total += 1
                stream.write(_line(_recheck_row(attempt, verdict, changed)))
                if changed:
                    changes[(attempt.verdict.value, verdict.value)] += 1
                    examples.append(f"  {attempt.question_id} {attempt.stage}: {_change(attempt.verdict, verdict)}")
    finally:
        verifier.close()
    lines = [f"{total} attempts checked again, {sum(changes.values())} verdicts change"]
    lines += [f"  {before} -> {after}: {count}" for (before, after), count in sorted(changes.items())]
    more = [f"  … and {len(examples) - _SHOWN} more in {out}"] if len(examples) > _SHOWN else []
    return [*lines, *examples[:_SHOWN], *more]


def references_of(run: Path) -> dict[str, Reference]:
    """What the questions of a run were checked against, by id."""
    references: dict[str, Reference] = {}
    for instruction in read_instructions(run):
        if instruction.answer is not None:
            references[instruction.id] = Reference(instruction.answer, instruction.question, instruction.options)
    for rejection in read_rejections(run):
        if rejection.answer is not None:
            references[rejection.id] = Reference(rejection.answer, rejection.question, rejection.options)
    return references


def _standing(before: Verdict, now: Verdict) -> Verdict:
    """The judge's verdict stands, and so does "unstated", where the rules still leave the answer open."""
    return before if now.value == "unknown" and before.rule in ("judge", "unstated") else now


def _recheck_row(attempt: Attempt, verdict: Verdict, changed: bool) -> dict[str, Any]:
    return {
        "question_id": attempt.question_id,
        "stage": attempt.stage,
        "round": attempt.round,
        "sample": attempt.sample,
        "was": attempt.verdict.value,
        "was_rule": attempt.verdict.rule,
        **_fields(verdict),
        "changed": changed,
    }


def _change(before: Verdict, now: Verdict) -> str:
    return f"{before.value} ({before.rule}) -> {now.value} ({now.rule}): {now.reason[:120]}"


# -- writing ---------------------------------------------------------------------------------------------------------


def _written(path: Path) -> Any:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error


def _line(row: dict[str, Any]) -> bytes:
    return msgspec.json.encode(row) + b"\n"
