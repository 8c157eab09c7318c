"""Figures of `collect`: real files in one run, planted leaks, and 250,000 questions against 30,000 benchmark rows.

    SCIINSTRUCT_DATA=DATA python benchmarks/collect.py [--parts files,leaks,scale] [--questions 250000] [--plant 1000]

files   every file of DATA/questions in one command: what became of the rows, and seconds and megabytes
leaks   leaks planted by the seeded recipe, by kind and by language; false alarms on texts made of thirds; the share of
        the questions that have 13 words at all, which is the most that a test of shared word 13-grams can find
scale   real questions, and made variants of them (words and numbers replaced), against the benchmarks of DATA

Every finding in the real files is listed with --list, to be judged by reading.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from common import measure

from sciinstruct.collection.contamination import Benchmarks, read_benchmarks
from sciinstruct.collection.planting import Leaks, Sample
from sciinstruct.io import read_questions, read_rejections
from sciinstruct.records import Question


def question_files(data: Path) -> list[Path]:
    return [path for path in sorted((data / "questions").iterdir()) if path.name != "known_overlaps.jsonl"]


def collect(sources: Sequence[Path], against: Path, out: Path, *options: str) -> list[str]:
    command = [sys.executable, "-m", "sciinstruct", "collect", *map(str, sources)]
    return [*command, "--against", str(against), "--out", str(out), *options]


def files(data: Path, folder: Path, show: bool) -> None:
    run = measure(collect(question_files(data), data / "benchmarks", folder / "files", "--plant", "0"))
    assert run.status == 0, f"collect ended with {run.status}"
    manifest = json.loads((folder / "files" / "manifest.json").read_text(encoding="utf-8"))
    counts = manifest["attrition"]
    print(f"\n{counts['rows']:,} rows in {run.wall:.0f} s ({run.cpu:.0f} CPU s), {run.megabytes:.0f} MB\n")
    outcomes = [name for name, count in counts["outcomes"].items() if count]
    print(f"| source | rows | {' | '.join(outcomes)} |\n| --- | ---: |{' ---: |' * len(outcomes)}")
    for source, row in [*counts["sources"].items(), ("all", {"rows": counts["rows"], **counts["outcomes"]})]:
        print(f"| {source} | {row['rows']:,} | {' | '.join(f'{row.get(name, 0):,}' for name in outcomes)} |")
    for mark, count in counts["kept"].items():
        print(f"\nkept, {mark}: {count:,}", end="")
    known = {json.loads(line)["id"] for line in (data / "questions" / "known_overlaps.jsonl").open(encoding="utf-8")}
    dropped = {row.id: row.detail for row in read_rejections(folder / "files") if row.reason == "in a benchmark"}
    flagged = {
        row.id: row.meta["contamination"]
        for row in read_questions(folder / "files")
        if isinstance(row, Question) and "contamination" in row.meta
    }
    found = len(known & dropped.keys()), len(known & flagged.keys())
    print(f"\n\nof {len(known)} known overlaps {found[0]} dropped, {found[1]} flagged")
    print(f"beyond them: {len(dropped.keys() - known)} dropped, {len(flagged.keys() - known)} flagged")
    if show:
        for id_, detail in dropped.items():
            print(f"dropped {id_}: {detail}")
        for id_, about in flagged.items():
            print(f"flagged {id_}: {about['match']}: {about['reason']}")


def leaks(data: Path, count: int) -> None:
    started = time.perf_counter()
    benchmarks = Benchmarks(read_benchmarks([data / "benchmarks"]))
    print(f"\n{len(benchmarks):,} benchmark rows indexed in {time.perf_counter() - started:.1f} s\n")
    print("| kind | language | planted | same | template | found |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for language in ("en", "zh"):
        sample = Sample(count, seed=0)
        for _ in sample.watch(row for row in read_benchmarks([data / "benchmarks"]) if row[1].language == language):
            pass
        recipe = Leaks(sample.questions, seed=0, most=count)
        for kind, row in recipe.measure(benchmarks).items():
            found = row["same"] + row["template"]
            shares = " | ".join(f"{share:.1%}" for share in (row["same"], row["template"], found))
            print(f"| {kind} | {language} | {row['planted']:,} | {shares} |")
        print(f"\nof 13 words or more ({language}): {thirteen_grams(sample.questions):.1%}\n")


def thirteen_grams(questions: Sequence[Question]) -> float:
    """The share of questions with 13 words or more: a test of shared word 13-grams sees no others."""
    words = re.compile(r"[\u4e00-\u9fff]|\w+")
    return sum(len(words.findall(question.question)) >= 13 for question in questions) / len(questions)


def scale(data: Path, folder: Path, count: int) -> None:
    source = folder / "large.jsonl"
    with source.open("w", encoding="utf-8") as file:
        for row in large(data, count):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    run = measure(collect([source], data / "benchmarks", folder / "large", "--plant", "0"))
    assert run.status == 0, f"collect ended with {run.status}"
    counts = json.loads((folder / "large" / "manifest.json").read_text(encoding="utf-8"))["attrition"]
    print(f"\n{counts['rows']:,} questions in {run.wall:.0f} s ({run.cpu:.0f} CPU s), {run.megabytes:.0f} MB")
    print({name: f"{number:,}" for name, number in counts["outcomes"].items() if number})


def large(data: Path, count: int) -> Iterator[dict[str, object]]:
    """The real questions, then variants: half of the words from other questions, other numbers; a tenth as they are."""
    real = [row for row in read_questions(question_files(data)) if isinstance(row, Question) and row.type != "proof"]
    chance = random.Random(0)
    pieces = re.compile(r"(?<!\\)\b[A-Za-z]{3,}\b|[\u4e00-\u9fff]{2}")
    pool = [word for row in chance.sample(real, 4_000) for word in pieces.findall(row.question)]
    latin = [word for word in pool if word.isascii()]
    han = [word for word in pool if not word.isascii()]

    def other(match: re.Match[str]) -> str:
        return match[0] if chance.random() < 0.5 else chance.choice(latin if match[0].isascii() else han)

    for number in range(count):
        row = real[number % len(real)]
        text, options = row.question, row.options
        if number >= len(real) and chance.random() < 0.9:
            text = re.sub(r"\d+", lambda _: str(chance.randint(1, 999)), pieces.sub(other, text))
            options = {letter: pieces.sub(other, option) for letter, option in (options or {}).items()} or None
        kept = {"answer": row.answer, "subject": row.subject, "source": row.source, "language": row.language}
        yield {"id": f"row-{number}", "question": text, "options": options, **kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", default="files,leaks,scale")
    parser.add_argument("--questions", type=int, default=250_000)
    parser.add_argument("--plant", type=int, default=1_000)
    parser.add_argument("--list", action="store_true", help="list every finding in the real files")
    options = parser.parse_args()
    data = Path(os.environ["SCIINSTRUCT_DATA"])
    with tempfile.TemporaryDirectory() as name:
        for part in options.parts.split(","):
            if part == "files":
                files(data, Path(name), options.list)
            elif part == "leaks":
                leaks(data, options.plant)
            else:
                scale(data, Path(name), options.questions)


if __name__ == "__main__":
    main()
