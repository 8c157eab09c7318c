"""The leak test's hit rate on planted leaks, and its false alarms on real right solutions nobody showed an answer to.

    SCIINSTRUCT_DATA=… python benchmarks/leaks.py

Planted, by fixed recipes, into real right solutions (English; Chinese ones are planted into the demo's replies): a
phrase from a list that the test's own list was not made from, the answer put in front of the derivation, and a wrong
solution with only its end changed. What is hard to tell (a paraphrase without any such word) is not planted and not
claimed.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Iterator
from pathlib import Path

from sciinstruct.annotation.leaks import find_leak
from sciinstruct.annotation.statistics import share

PHRASES_EN = (
    "This agrees with the reference answer provided.",
    "Since the correct answer is known to be this one, the second step must use it.",
    "As given in the reference, the result follows.",
    "We were told the correct answer, so we work towards it.",
    "The provided answer confirms this result.",
    "My previous attempt used the wrong law.",
    "In the wrong solution the sign was lost.",
    "Because we know the answer must be this, the other cases are excluded.",
    "The expected answer is obtained.",
    "This result is consistent with the given answer.",
)
PHRASES_ZH = (
    "这与参考答案一致。",
    "已知正确答案是这个，因此应这样计算。",
    "根据给出的答案，可以反推出这一步。",
    "原来的解答忽略了单位。",
    "由标准答案可知，应选这一项。",
    "题目给出的答案为此值。",
)


def real_solutions() -> Iterator[tuple[str, str]]:
    """(question, right solution) of the strongest model in the data."""
    path = Path(os.environ["SCIINSTRUCT_DATA"]) / "quality" / "model_solutions" / "gemini-1.5-flash-002.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in map(json.loads, file):
            if row["correct"] and len(row["solution"]) > 300:
                yield row["question"] + "\n" + "\n".join(row["options"].values()), row["solution"]


def demo_solutions() -> Iterator[tuple[str, str]]:
    """(question, solution) of the Chinese demo replies."""
    folder = Path(__file__).resolve().parents[1] / "examples" / "demo"
    questions = {row["id"]: row for row in map(json.loads, (folder / "questions.jsonl").read_text().splitlines())}
    for reply in map(json.loads, (folder / "replies.jsonl").read_text().splitlines()):
        question = questions[reply["question_id"]]
        if reply["stage"] == "solve" and question["language"] == "zh":
            yield question["question"], reply["text"]


def with_phrase(solution: str, phrases: tuple[str, ...], chance: random.Random) -> str:
    sentences = re.split(r"(?<=[.。]) |\n", solution)
    sentences.insert(chance.randrange(1, len(sentences) + 1), chance.choice(phrases))
    return "\n".join(sentences)


def found(cases: list[tuple[str, str, str]]) -> str:
    """How many of (question, solution, wrong solution) are called a leak."""
    return str(share(sum(find_leak(s, question=q, wrong_solution=w) is not None for q, s, w in cases), len(cases)))


def main() -> None:
    chance = random.Random(0)
    real, chinese = list(real_solutions()), list(demo_solutions())
    letter = re.compile(r"\(([A-J])\)\.?\s*$")
    ended = [(q, s) for q, s in real if letter.search(s)]
    phrase_en = [(q, with_phrase(s, PHRASES_EN, chance), "") for q, s in real]
    phrase_zh = [(q, with_phrase(s, PHRASES_ZH, chance), "") for q, s in chinese for _ in PHRASES_ZH]
    early = [(q, f"The answer is ({letter.search(s)[1]}). {s}", "") for q, s in ended]  # type: ignore[index]
    changed = [(q, s, letter.sub("(Z).", s)) for q, s in ended]
    print("| planted | called a leak [95 %] |\n| --- | --- |")
    print(f"| phrase, English | {found(phrase_en)} |")
    print(f"| phrase, Chinese | {found(phrase_zh)} |")
    print(f"| answer before the derivation | {found(early)} |")
    print(f"| wrong solution with its end changed | {found(changed)} |")
    print(f"| nothing planted (false alarms) | {found([(q, s, '') for q, s in real])} |")
    for question, solution in real:
        leak = find_leak(solution, question=question, wrong_solution="")
        if leak is not None and chance.random() < 0.1:
            print(f"\nfalse alarm: {leak}\n  …{' '.join(solution.split())[:200]}")
    missed = {phrase for phrase in (*PHRASES_EN, *PHRASES_ZH) if not find_leak(phrase, question="", wrong_solution="")}
    print("\nphrases that are not found:", *sorted(missed), sep="\n  ")


if __name__ == "__main__":
    main()
