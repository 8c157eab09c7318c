"""Writes what a run has so far into its folder: the three tables in input order, and the manifest."""

from __future__ import annotations

import hashlib
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from ..errors import InputError
from ..io import RunFolder, TableWriter, attempt_row, instruction_row, rejection_row
from ..llm import Stats, Tally
from ..records import attempt_schema, instruction_schema, rejection_schema
from .attrition import Attrition
from .loop import Outcome
from .plan import Plan
from .progress import Intake, Progress

__all__ = ["input_digests", "load_tables", "manifest_of", "usage_of", "write_tables"]

_PACKAGES = ("sciinstruct", "aiohttp", "math-verify", "msgspec", "pyarrow", "sympy")
_BATCH = 512


def load_tables() -> None:
    """Loads what `write_tables` needs: a fifth of a second that a run can spend while it waits for first replies."""
    import_module("pyarrow.parquet")


def write_tables(folder: RunFolder, progress: Progress, intake: Intake) -> Attrition:
    """Writes attempts.parquet, instructions.parquet and rejected.parquet from the outcomes so far; returns their
    counts."""
    attrition = Attrition(rows=intake.rows, duplicates=intake.duplicates, questions=intake.questions)
    with ExitStack() as stack:
        attempts = stack.enter_context(TableWriter(folder.attempts, attempt_schema()))
        instructions = stack.enter_context(TableWriter(folder.instructions, instruction_schema()))
        rejected = stack.enter_context(TableWriter(folder.rejected, rejection_schema()))
        for rejection in progress.unusable():
            attrition.add_unusable(rejection)
            rejected.write([rejection_row(rejection)])
        for batch in _batches(progress.ended()):
            for outcome in batch:
                attrition.add(outcome)
            attempts.write([attempt_row(attempt) for outcome in batch for attempt in outcome.attempts])
            instructions.write([instruction_row(o.instruction) for o in batch if o.instruction is not None])
            rejected.write([rejection_row(o.rejection) for o in batch if o.rejection is not None])
    return attrition


def manifest_of(plan: Plan, intake: Intake, attrition: Attrition, state: str) -> dict[str, Any]:
    """The manifest's facts that follow from plan, input and counts; times and costs are added by the run."""
    return {
        "state": state,
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": intake.fingerprint,
        "plan": plan.digest().hex(),
        "models": dict(plan.models),
        "prompts": {
            language: {"version": prompts.version, "digest": prompts.digest()}
            for language, prompts in plan.prompts.items()
        },
        "seed": plan.seed,
        "rules": plan.rules_version,
        "attrition": attrition.as_dict(),
        "versions": {"python": sys.version.split()[0], "platform": platform.platform(), **_package_versions()},
    }


def usage_of(stats: Stats, totals: Mapping[tuple[str, str], Tally]) -> dict[str, Any]:
    """Calls, tokens and dollars: what this ledger holds in all, by model and by stage, and what this run paid."""
    by_model: dict[str, Tally] = {}
    by_stage: dict[str, Tally] = {}
    total = Tally()
    for (model, stage), tally in sorted(totals.items()):
        for sums in (total, by_model.setdefault(model, Tally()), by_stage.setdefault(stage, Tally())):
            sums.merge(tally)
    return {
        "total": msgspec.structs.asdict(total),
        "paid": msgspec.structs.asdict(stats.paid),
        "reused": stats.reused,
        "retried": stats.retried,
        "by_model": {name: msgspec.structs.asdict(tally) for name, tally in by_model.items()},
        "by_stage": {name: msgspec.structs.asdict(tally) for name, tally in by_stage.items()},
    }


def input_digests(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Path, size in bytes and SHA-256 of each input file (a folder stands with its files)."""
    files: list[Path] = []
    for path in map(Path, paths):
        files += sorted(inner for inner in path.rglob("*") if inner.is_file()) if path.is_dir() else [path]
    return [_file_digest(path) for path in files]


def _file_digest(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        return {"path": str(path), "bytes": path.stat().st_size, "sha256": digest.hexdigest()}
    except OSError as error:
        raise InputError(f"{path}: gone or unreadable after it was read ({error.strerror}); put it back") from error


def _package_versions() -> dict[str, str]:
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _batches(items: Iterator[Outcome]) -> Iterator[list[Outcome]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
