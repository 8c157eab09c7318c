"""The answer checker, measured: labelled pairs, real solutions, SciBench's references, speed, fuzzed input.

    SCIINSTRUCT_DATA=... python benchmarks/verify.py                      # the tables, Math-Verify beside ours
    SCIINSTRUCT_DATA=... python benchmarks/verify.py --disagreements      # every disagreement as well
    python benchmarks/verify.py --fuzz 1000000                            # hangs, crashes, the slowest input

Math-Verify answers a sample of each file (`--math-verify-rows`, evenly spaced): it needs up to seconds a pair. Its
figures and the ratio of rates are over the rows of that sample for both.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from sciinstruct.records import Verdict
from sciinstruct.verification import RULES_VERSION, Policy, Verifier, extract
from sciinstruct.verification.quantity import parse as parse_quantity
from sciinstruct.verification.scoring import Score, score

# The data sets' own rules, as options: OlympiadBench wants the unit, and gives an absolute tolerance with each pair.
LABELLED = (
    "equivalence_examples",
    "mmlupro_free_human",
    "yale_physics_relabelled",
    "gaokao_fill_zh_gpt4labelled",
    "gaokao_mcq_zh",
    "olympiadbench_examples_human",
    "yale_physics_llm_labelled",
    "theoremqa_errors_negatives",
)
SEEDS = (
    *(
        r"\frac{1}{2}",
        r"\sqrt[3]{x+1}",
        "1.2 kJ/mol",
        r"\boxed{",
        "}",
        "10^{10^{10}}",
        "9**9**9**9",
        "2H2 + O2 -> 2H2O",
    ),
    *(
        "K3[Fe(CN)6]",
        "(1,2)\\cup[3,+\\infty)",
        "x=1 or x=2",
        "【答案】",
        "故选B",
        "根号",
        "零下",
        "三分之二",
        "^{14}_{6}C",
    ),
    *("[Ar]3d^6 4s^2", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "the answer is", "####", "<think>", "</think>", "\x00"),
    *("\u202e", "°C", "m/s^2", "μF", "5:3", "±", "!", r"\int_0^1", r"\lim_{x\to 0}", r"\sum_{k=1}^{n}", r"e^{i\pi}"),
    *(
        r"\ce{SO4^2-}",
        "a_1",
        "or",
        "and",
        ";",
        ",",
        "=",
        "≈",
        "%",
        "$",
        "(",
        ")",
        "{",
        "[",
        "]",
        "|",
        r"\left",
        r"\right",
    ),
    *("\n\nQuestion:", "不", "é"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--math-verify-rows", type=int, default=60, help="rows of each file that Math-Verify answers (0: none)"
    )
    parser.add_argument("--disagreements", action="store_true", help="print every disagreement")
    parser.add_argument("--fuzz", type=int, default=0, help="fuzz with so many inputs instead")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"rules {RULES_VERSION}")
    if options.fuzz:
        fuzz(options.fuzz, options.seed)
        return
    data = Path(os.environ["SCIINSTRUCT_DATA"])
    labelled_pairs(data / "verify", options.math_verify_rows, options.disagreements)
    real_solutions(data / "quality" / "model_solutions", options.disagreements)
    gsm8k_solutions(data / "quality" / "gsm8k_model_solutions.jsonl.gz")
    distinct_options(data / "questions" / "mmlu_pro_stemez.jsonl", options.disagreements)
    scibench_references(data / "benchmarks" / "scibench")


# -- labelled pairs --------------------------------------------------------------------------------------------------


def labelled_pairs(folder: Path, sample: int, show: bool) -> None:
    """One line per file for ours, one for the symbolic step on top, one for Math-Verify on its sample."""
    math_verify = _math_verify() if sample else None
    every: list[float] = []
    heads = f"{'rows':>6}{'accuracy':>9}{'precision':>10}{'recall':>8}{'false right':>12}{'pairs/s':>9}{'p99 ms':>8}"
    print(f"\n{'labelled pairs':30}{'checker':12}{heads}")
    with closing(Verifier()) as verifier:
        for name in LABELLED:
            rows = list(_rows(folder / f"{name}.jsonl"))
            verdicts, times = _timed(rows, lambda row: _for(row, verifier).check(row["gold"], **_answer(row)))
            decided, slower = _timed(rows, lambda row: _for(row, verifier).decide(row["gold"], **_answer(row)))
            every += times
            _print_score(name, "ours", rows, verdicts, times)
            if [v.value for v in verdicts] != [v.value for v in decided]:
                _print_score("", "+ symbolic", rows, decided, slower)
            if show:
                _print_disagreements(rows, verdicts)
            if math_verify:
                _beside(math_verify, rows, verdicts, times, max(1, len(rows) // sample))
    every.sort()
    rate, slowest = len(every) / sum(every), every[-1] * 1e3
    print(
        f"mixed: {rate:.0f} pairs/s on one core, p50 {_at(every, 0.5):.2f} ms, p99 {_at(every, 0.99):.2f} ms, "
        f"slowest {slowest:.0f} ms"
    )


def _beside(
    math_verify: Callable[[dict[str, Any]], Verdict],
    rows: list[dict[str, Any]],
    verdicts: list[Verdict],
    times: list[float],
    step: int,
) -> None:
    """Math-Verify and ours on every `step`-th row."""
    theirs, their_times = _timed(rows[::step], math_verify)
    _print_score(f"  every {step}th row" if step > 1 else "", "Math-Verify", rows[::step], theirs, their_times)
    if step > 1:
        _print_score("", "  ours", rows[::step], verdicts[::step], times[::step])
    print(f"{'':42}  ours is {sum(their_times) / sum(times[::step]):.0f} times as fast on these rows")


def _for(row: dict[str, Any], verifier: Verifier) -> Verifier:
    return Verifier(row["own_policy"]) if "own_policy" in row else verifier


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {"prediction": row["pred"], "question": row.get("question")}


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        row["pred"] = row.get("pred", row.get("prediction"))
        row["label"] = row.get("label", row.get("expected"))
        if path.name.startswith("olympiadbench"):
            row["own_policy"] = Policy(missing_unit=False, absolute_error=_precision(row["precision"]))
        yield row


def _precision(value: Any) -> float:
    values = value if isinstance(value, list) else [value]
    return max((float(v) for v in values if v is not None), default=0.0)


def _timed(rows: list[dict[str, Any]], check: Callable[[dict[str, Any]], Verdict]) -> tuple[list[Verdict], list[float]]:
    verdicts, times = [], []
    for row in rows:
        start = time.process_time()
        verdicts.append(check(row))
        times.append(time.process_time() - start)
    return verdicts, times


def _print_score(
    name: str, checker: str, rows: list[dict[str, Any]], verdicts: list[Verdict], times: list[float]
) -> None:
    measured: Score = score(zip((row["label"] for row in rows), verdicts, strict=True))
    shares = f"{measured.accuracy:9.3f}{measured.precision:10.3f}{measured.recall:8.3f}"
    speed = f"{len(times) / sum(times):9.0f}{_at(sorted(times), 0.99):8.1f}"
    print(f"{name:30}{checker:12}{measured.total:6}{shares}{measured.of(False, 'right'):12}{speed}")


def _print_disagreements(rows: list[dict[str, Any]], verdicts: list[Verdict]) -> None:
    for row, verdict in zip(rows, verdicts, strict=True):
        if row["label"] != (verdict.value == "right"):
            answer = (verdict.extracted or row["pred"])[-90:]
            how = f"{row['label']} but {verdict.value} ({verdict.rule})"
            print(f"    {row['id']}: {how}: {row['gold'][:90]!r} | {answer!r} | {verdict.reason[:90]}")


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3


def _math_verify() -> Callable[[dict[str, Any]], Verdict]:
    """Math-Verify as its README uses it; a short text without dollar signs gets them, which it fares better with."""
    from math_verify import parse, verify

    logging.disable(logging.CRITICAL)

    def formula(text: str) -> str:
        marked = "$" in text or "\\boxed" in text or "\\(" in text
        return text if marked or len(text) > 200 else f"${text}$"

    def check(row: dict[str, Any]) -> Verdict:
        try:
            equal = verify(parse(formula(row["gold"])), parse(formula(row["pred"])))
        except Exception as error:  # its own time-outs and parser errors: no equality found
            return Verdict("unknown", "math-verify", type(error).__name__)
        return Verdict("right" if equal else "wrong", "math-verify", "")

    return check


# -- real solutions --------------------------------------------------------------------------------------------------


def real_solutions(folder: Path, show: bool) -> None:
    """Solutions of eight models: where an answer is stated, does the verdict agree with the source's own?"""
    print(f"\n{'real solutions':32}{'rows':>7}{'stated':>8}{'agree':>8}{'share':>8}{'open':>7}{'unstated':>9}")
    verifier = Verifier()
    total: Counter[str] = Counter()
    start = time.process_time()
    for path in sorted(folder.glob("*.jsonl.gz")):
        counts: Counter[str] = Counter()
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                verdict = verifier.check(
                    row["answer"], row["solution"], question=row["question"], options=row["options"]
                )
                _count_solution(counts, row, verdict, show)
        total += counts
        _print_solutions(path.name.removesuffix(".jsonl.gz"), counts)
    _print_solutions("all", total)
    print(f"{total['rows'] / (time.process_time() - start):.0f} solutions/s")
    for kind, count in total.items():
        if kind.startswith("ours "):
            print(f"  disagreements, {kind}: {count}")


def _count_solution(counts: Counter[str], row: dict[str, Any], verdict: Verdict, show: bool) -> None:
    kind = _kind_of(verdict)
    counts.update(("rows", kind))
    if kind != "stated":
        return
    if (verdict.value == "right") == row["correct"]:
        counts["agree"] += 1
        return
    source = "nothing" if row["predicted"] is None else "another letter"
    counts[f"ours {verdict.value}, source read {source}"] += 1
    if show:
        letters = f"key {row['answer']}, source {row['predicted']}, ours {verdict.reason}"
        print(f"    {row['id']}: {letters}: {row['solution'][-160:]!r}")


def _kind_of(verdict: Verdict) -> str:
    if verdict.rule == "unstated":
        return "unstated"
    return "open" if verdict.value == "unknown" else "stated"


def _print_solutions(name: str, counts: Counter[str]) -> None:
    share = counts["agree"] / counts["stated"] if counts["stated"] else 0.0
    print(
        f"{name:32}{counts['rows']:7}{counts['stated']:8}{counts['agree']:8}{share:8.4f}{counts['open']:7}{counts['unstated']:9}"
    )


def gsm8k_solutions(path: Path) -> None:
    """Solutions of four models to GSM8K's test questions, labelled by their final number."""
    verifier = Verifier()
    verdicts: list[tuple[bool, Verdict]] = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            gold = row["ground_truth"].rpartition("A:")[2].strip()
            solutions = [row[f"{size}_{kind}"] for size in ("6b", "175b") for kind in ("finetuning", "verification")]
            verdicts += [(s["is_correct"], verifier.check(gold, s["solution"])) for s in solutions]
    print("\nGSM8K solutions", *score(verdicts).lines(), sep="\n")


def distinct_options(path: Path, show: bool) -> None:
    """Options of one question are different answers: how often is one taken for the other?"""
    verifier = Verifier()
    values: Counter[str] = Counter()
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        gold = row["options"][row["answer"]]
        for letter, other in row["options"].items():
            if letter != row["answer"]:
                verdict = verifier.check(gold, prediction=other)
                values[verdict.value] += 1
                if show and verdict.value == "right":
                    print(f"    {gold!r} = {other!r}: {verdict.reason}")
    print(f"\noptions of one question against each other: {dict(values)}")


# -- SciBench --------------------------------------------------------------------------------------------------------


def scibench_references(folder: Path) -> None:
    """Is every reference with its unit read as a quantity, and is it equal to itself?"""
    verifier = Verifier()
    read, unread = 0, []
    for path in sorted(folder.glob("*.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            gold = f"{row['answer_number']} {row['unit'].strip()}".strip()
            quantity = parse_quantity(gold)
            if (
                quantity is not None
                and (quantity.unit is not None or not _has_unit(row["unit"]))
                and verifier.check(gold, prediction=gold).value == "right"
            ):
                read += 1
            else:
                unread.append((path.stem, row["problemid"].strip(), gold))
    print(f"\nSciBench: {read} of {read + len(unread)} references read with their unit")
    for item in unread:
        print("  not read:", *item)


def _has_unit(unit: str) -> bool:
    return any(c.isalpha() or c == "%" for c in unit.replace("circ", "x"))


# -- fuzzing ---------------------------------------------------------------------------------------------------------


def fuzz(count: int, seed: int) -> None:
    """Random joins of answer fragments and characters through extraction and every comparator; nothing may raise."""
    generator = random.Random(seed)
    verifier = Verifier()
    values: Counter[str] = Counter()
    slow: list[tuple[float, str, str]] = []
    start = time.process_time()
    for number in range(count):
        gold, answer = _random_text(generator), _random_text(generator)
        if number % 3 == 0:
            answer = gold + answer
        begin = time.process_time()
        try:
            verdict = verifier.check(gold, answer) if number % 2 else verifier.check(gold, prediction=answer)
            extract(answer)
            values[verdict.value] += 1
        except Exception as error:  # what the run is looking for
            values["crashed"] += 1
            if values["crashed"] <= 20:
                print(f"  {type(error).__name__}: {error} for {gold[:300]!r} against {answer[:300]!r}")
        took = time.process_time() - begin
        if number and number % 100_000 == 0:
            print(f"  {number} pairs, {dict(values)}, over 100 ms: {len(slow)}", flush=True)
        if took > 0.1:
            slow = sorted([*slow, (took, gold, answer)], reverse=True)[:20]
    seconds = time.process_time() - start
    print(f"{count} fuzzed pairs in {seconds:.0f} s, {dict(values)}; over 100 ms: {len(slow)}")
    for took, gold, answer in slow[:10]:
        print(f"  {took * 1e3:.0f} ms: {gold[:120]!r} against {answer[:120]!r}")


def _random_text(generator: random.Random) -> str:
    parts = []
    for _ in range(generator.choice((1, 1, 1, 2, 2, 3, 3, 5, 8, 13, 40))):
        kind = generator.random()
        if kind < 0.7:
            parts.append(generator.choice(SEEDS))
        elif kind < 0.85:
            parts.append(str(generator.choice((0, 1, -3, 2.5, 1e9, 1e-30, 123456))))
        elif kind < 0.95:
            parts.append(
                chr(
                    generator.choice(
                        (
                            generator.randrange(32, 127),
                            generator.randrange(0x370, 0x3FF),
                            generator.randrange(0x4E00, 0x9FFF),
                        )
                    )
                )
            )
        else:
            parts.append(
                generator.choice(("(", "\\frac{", "{", "^", "$", "9", "[", "x", " ")) * generator.randrange(1, 300)
            )
    return generator.choice(("", " ")).join(parts)


if __name__ == "__main__":
    main()
