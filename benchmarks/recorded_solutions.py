"""Real questions and real model solutions through the whole loop, and the verdicts against the labels of their source.

    SCIINSTRUCT_DATA=… python benchmarks/recorded_solutions.py [--out FOLDER]

A weak model's recorded solution is the solve stage; solutions of stronger models stand in for reflect and revise,
declared as plain solutions. Where a final answer is stated, the verdict is held against the file's `correct` (a letter
found by a regular expression, so the label can be wrong too): agreement, and every disagreement by kind with samples.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import sciinstruct
from sciinstruct.annotation.loop import FAULTS
from sciinstruct.cli.live import attrition_table
from sciinstruct.io import read_attempts
from sciinstruct.records import Attempt

# Weak to strong, by the share of right answers in the files themselves.
BY_STRENGTH = (
    "Yi-6b-Chat",
    "Qwen1.5-7B-Chat",
    "Mistral-7B-Instruct-v0.2",
    "Mixtral-8x7B-Instruct-v0.1",
    "Phi-3-mini-4k-instruct",
    "mathstral-7B",
    "Meta-Llama-3_1-8B-Instruct",
    "gemini-1.5-flash-002",
)
STAGES = ("solve", "reflect", "revise")


def read_solutions(folder: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows by question id and model."""
    rows: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for row in map(json.loads, file):
                rows[row["id"]][row["model"]] = row
    return rows


def cast(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Which models play solve, reflect and revise for one question: the weakest, a middle one, the strongest it has.

    Some files have another edition of a question (options in another order, another answer); only models that saw the
    same one play together.
    """
    first = next(iter(rows.values()))
    edition = (first["options"], first["answer"])
    present = [m for m in BY_STRENGTH if m in rows and (rows[m]["options"], rows[m]["answer"]) == edition]
    return [present[0], present[len(present) // 2], present[-1]]


def write_case(rows: dict[str, dict[str, dict[str, Any]]], folder: Path) -> None:
    """Writes questions.jsonl and replies.jsonl."""
    with (folder / "questions.jsonl").open("w") as questions, (folder / "replies.jsonl").open("w") as replies:
        for id_, by_model in rows.items():
            first = next(iter(by_model.values()))
            fields = {key: first[key] for key in ("question", "options", "answer", "subject", "source")}
            questions.write(
                json.dumps({"id": id_, **fields, "question_type": "multiple_choice", "language": "en"}) + "\n"
            )
            for stage, model in zip(STAGES, cast(by_model), strict=True):
                reply = {
                    "question_id": id_,
                    "stage": stage,
                    "text": by_model[model]["solution"],
                    "plain": stage != "solve",
                }
                replies.write(json.dumps(reply) + "\n")


def kind_of(attempt: Attempt, row: dict[str, Any]) -> str:
    """A disagreement in words: what the source's regular expression read against what was extracted here."""
    read = row["predicted"] or "nothing"
    return f"source read {'another letter' if row['predicted'] else 'nothing'}, verdict {attempt.verdict.value}" + (
        " (same letter)" if read == (attempt.verdict.extracted or "")[:1] else ""
    )


def compare(run: Path, rows: dict[str, dict[str, dict[str, Any]]], samples: int) -> None:
    """Prints agreement with the labels where an answer is stated, and the disagreements by kind."""
    counted: Counter[str] = Counter()
    kinds: dict[str, list[str]] = defaultdict(list)
    for attempt in read_attempts(run):
        model = cast(rows[attempt.question_id])[STAGES.index(attempt.stage)]
        row = rows[attempt.question_id][model]
        if attempt.verdict.rule in FAULTS:
            counted[attempt.verdict.rule] += 1
            counted["not stated for us, but the source read a letter"] += row["predicted"] is not None
        elif attempt.verdict.value == "unknown":
            counted["unknown"] += 1
        else:
            agrees = (attempt.verdict.value == "right") == row["correct"]
            counted["agrees" if agrees else "disagrees"] += 1
            if not agrees:
                ending = " ".join(row["solution"].split())[-160:]
                kinds[kind_of(attempt, row)].append(
                    f"{attempt.question_id} {model}: reference {row['answer']}, source read {row['predicted']}, "
                    f"extracted {attempt.verdict.extracted!r}, {attempt.verdict.reason}; …{ending!r}"
                )
    stated = counted["agrees"] + counted["disagrees"]
    print(f"attempts: {dict(counted)}")
    print(f"agreement where an answer is stated: {counted['agrees'] / stated:.4f} of {stated:,}")
    for kind, cases in sorted(kinds.items(), key=lambda item: -len(item[1])):
        print(f"\n{len(cases)} × {kind}")
        for case in cases[:samples]:
            print(f"  {case}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="keep the run folder here")
    parser.add_argument("--samples", type=int, default=3, help="disagreements to print of each kind")
    arguments = parser.parse_args()
    rows = read_solutions(Path(os.environ["SCIINSTRUCT_DATA"]) / "quality" / "model_solutions")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_case(rows, folder)
        run = arguments.out or folder / "run"
        started = time.perf_counter()
        model = f"recorded:{folder / 'replies.jsonl'}"
        summary = sciinstruct.annotate(folder / "questions.jsonl", model=model, out=run).summary
        print(f"{summary.attrition.questions:,} questions in {time.perf_counter() - started:.1f} s\n")
        from rich.console import Console

        Console().print(attrition_table(summary.attrition))
        compare(run, rows, arguments.samples)


if __name__ == "__main__":
    main()
