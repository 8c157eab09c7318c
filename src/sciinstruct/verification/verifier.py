"""The whole checker: reference and answer in, verdict out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from sciinstruct.records import Verdict
from sciinstruct.verification.extraction import Extraction, extract, strip_thinking
from sciinstruct.verification.normalise import ANSWER_LIMIT, DEPTH_LIMIT, clean, depth, guard, words
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.reference import SYMBOLIC, Reference, read_reference
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

if TYPE_CHECKING:
    from sciinstruct.verification.symbolic import SymbolicPool

__all__ = ["RULES_VERSION", "Verifier", "same_answer", "verify"]

RULES_VERSION = "2026-11-4"
"Changes whenever a verdict may change."

_ALTERNATIVES = re.compile(r"\bor\b|\beither\b|或者?|\bperhaps\b|\bmaybe\b|可能|\bpossibly\b", re.IGNORECASE)
_REASON = re.compile(
    r"[,，;；(]? ?(?:\bbecause\b|\bsince\b|\bwhich\b|\bwhere\b|\bdue to\b|\bassuming\b|因为|由于|其中)", re.IGNORECASE
)


_QUOTED = re.compile(r"""(\*\*|[`"'“])([^`"'“”*]{1,200})(?:\1|”)""")
"An answer in quotation marks or Markdown's marks."
_LABEL = re.compile(r"\(?(?:[a-h]|[1-9]|i{1,3}|iv)\)[\s:.,\\]*(?=\S)")


_ORDERED = re.compile(r"\brespectively\b|\bin (?:the |that |this )?order\b|分别|依次|顺序|排列|_{2,}.*_{2,}", re.DOTALL)
"Questions whose answers are a list in order."
_STATES = re.compile(r" (?:is|are|equals|is equal to) |(?:等于|[是为])(?=[^\u4e00-\u9fff])")
_DENIES = re.compile(r"不|非|没|\b(?:not|never|no|nor|impossible|incorrect|wrong|except)\b|n't", re.IGNORECASE)
_INSTEAD = re.compile(
    r"(?:,? (?:and )?not|,? rather than|,? instead of|[,，]?而(?:不是|非)) ?[^\s,;，]{1,12}[.。]?$", re.IGNORECASE
)
"What an answer is not, at its end."
_VALUES = words(
    "number quantity expression equation set tuple interval inequality matrix ratio formula isotope configuration "
    "reaction"
)


_SINGLE = words("number quantity expression")


def _may_be_named(reference: Reference) -> bool:
    """May an answer say what its value is of ("the speed is 5")? Not where the reference is such a statement itself."""
    return reference.rule in _VALUES and not _STATES.search(reference.gold)


def _takes_labels(reference: Reference) -> bool:
    """May an answer carry the label of its part ("(b) 33 m"), which says nothing? Not where letters are the answer."""
    return reference.parts == 1 and reference.rule != "choice"


class Verifier:
    """Checks answers by the rules of this package, under one policy.

    Args:
        policy: Tolerances and conventions; None for the defaults.
        symbolic_workers: Processes at most for the symbolic step of `acheck` and `decide`; started when first needed.
    """

    def __init__(self, policy: Policy | None = None, symbolic_workers: int = 1) -> None:
        self.policy = policy or DEFAULT
        self.symbolic_workers = symbolic_workers
        self._pool: SymbolicPool | None = None

    def check(
        self,
        gold: str,
        solution: str | None = None,
        *,
        prediction: str | None = None,
        question: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Verdict:
        """Compares the final answer in `solution`, or the `prediction` itself, with the reference `gold`.

        A prediction is tried whole, then extracted from; a solution is only extracted from. Pure: no subprocess, no
        network, bounded time and memory, never raises on any text.
        """
        return self._check(gold, solution, prediction, question, options)[0]

    def decide(
        self,
        gold: str,
        solution: str | None = None,
        *,
        prediction: str | None = None,
        question: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Verdict:
        """As `check`; where the own rules leave a symbolic case open, the symbolic worker decides (blocking)."""
        verdict, symbolic = self._check(gold, solution, prediction, question, options)
        return self._ask_worker(gold, verdict) if symbolic else verdict

    async def acheck(
        self,
        gold: str,
        solution: str | None = None,
        *,
        prediction: str | None = None,
        question: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> Verdict:
        """As `decide`, with the symbolic worker in a thread."""
        verdict, symbolic = self._check(gold, solution, prediction, question, options)
        return await asyncio.to_thread(self._ask_worker, gold, verdict) if symbolic else verdict

    def close(self) -> None:
        """Ends the symbolic workers."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _ask_worker(self, gold: str, verdict: Verdict) -> Verdict:
        from sciinstruct.verification.symbolic import SymbolicPool

        if self._pool is None:
            self._pool = SymbolicPool(self.symbolic_workers)
        decided = self._pool.compare(guard(gold), verdict.extracted or "")
        if decided.value == "unknown":
            return verdict
        return Verdict(decided.value, decided.rule, decided.reason, verdict.extracted)

    def _check(
        self,
        gold: str,
        solution: str | None,
        prediction: str | None,
        question: str | None,
        options: Mapping[str, str] | None,
    ) -> tuple[Verdict, bool]:
        """The verdict of the own rules, and whether the symbolic worker may be asked about it."""
        if not gold.strip():
            return unknown("reference", "there is no reference answer"), False
        reference = read_reference(guard(gold), question, options)
        policy = replace(self.policy, ordered_lists=True) if _ORDERED.search(question or "") else self.policy
        if prediction is not None:
            verdict, confident = _check_prediction(reference, prediction, policy)
        else:
            verdict, confident = _judge(reference, extract(solution or "", several=reference.parts > 1), policy)
        symbolic = confident and verdict.value == "unknown" and reference.rule in SYMBOLIC
        return verdict, symbolic and _same_letters(gold, verdict.extracted or "")


def _check_prediction(reference: Reference, prediction: str, policy: Policy) -> tuple[Verdict, bool]:
    text = strip_thinking(prediction).strip()
    single = (
        text.count("\\boxed") < 2 or prediction == reference.gold
    )  # two boxes side by side are two answers, not one
    whole = _compare(reference, text, policy) if len(text) <= ANSWER_LIMIT and single else None
    found = extract(text, several=reference.parts > 1)
    if whole is None or found.explicit or (found.how == "conclusion" and whole.value == "unknown"):
        stated = _judge(reference, found, policy)
        if whole is None or whole.value != "right" or stated[0].value == "right":
            return stated
    return whole, True


def _judge(reference: Reference, found: Extraction, policy: Policy) -> tuple[Verdict, bool]:
    if found.answer is None:
        return wrong("unstated", found.note or "no answer is stated"), False
    verdict = _compare(reference, found.answer, policy)
    if not found.confident:
        return unknown(verdict.rule, f"{verdict.reason}; {found.note}", found.answer), False
    return verdict, True


def _compare(reference: Reference, answer: str, policy: Policy) -> Verdict:
    """Compares the answer as it is; where that decides nothing, what is left without reason, name or label."""
    answer = guard(answer).strip()
    if quoted := _QUOTED.fullmatch(answer):
        answer = quoted.group(2).strip()
    verdict = _compare_once(reference, answer, policy)
    if verdict.value == "unknown" and (cut := _REASON.search(answer)) and cut.start() > 0:
        verdict = _compare_once(reference, answer[: cut.start()], policy)
    if (
        verdict.value == "unknown"
        and reference.rule in _SINGLE
        and (cut := _INSTEAD.search(answer))
        and cut.start() > 0
    ):
        verdict = _compare_once(reference, answer[: cut.start()], policy)
    states = _STATES.split(answer) if verdict.value == "unknown" and _may_be_named(reference) else []
    if len(states) == 2 and not _DENIES.search(states[0]):
        verdict = _compare_once(reference, states[1], policy)
    if verdict.value != "right" and _takes_labels(reference) and (label := _LABEL.match(answer)):
        labelled = _compare_once(reference, answer[label.end() :], policy)
        verdict = labelled if labelled.value == "right" or verdict.value == "unknown" else verdict
    return Verdict(verdict.value, verdict.rule, verdict.reason, answer)


def _compare_once(reference: Reference, answer: str, policy: Policy) -> Verdict:
    if not answer:
        return wrong("unstated", "the answer is empty")
    if depth(answer) > DEPTH_LIMIT:
        return unknown(reference.rule, f"brackets nested deeper than {DEPTH_LIMIT}")
    plain = clean(answer)
    if plain and plain.rstrip(" .。") == clean(reference.gold).rstrip(" .。"):
        return right(reference.rule, "the same as the reference")
    if _ALTERNATIVES.search(plain) and not reference.alternatives and reference.rule != "text":
        return _all_alternatives(reference, plain, policy)
    return reference.compare(answer, policy)


def _all_alternatives(reference: Reference, plain: str, policy: Policy) -> Verdict:
    """An answer that offers alternatives is right only where each of them is."""
    parts = [p for p in re.split(r"\bor\b|或者?", plain, flags=re.IGNORECASE) if p.strip()]
    if len(parts) < 2:
        return reference.compare(plain, policy)
    verdicts = [reference.compare(part.strip(), policy) for part in parts[:6]]
    if all(v.value == "right" for v in verdicts) and len(parts) <= 6:
        return verdicts[0]
    return unknown(reference.rule, f"the answer offers alternatives: {shorten(plain)!r}")


def _same_letters(gold: str, answer: str) -> bool:
    """May this answer go to the symbolic worker: a short formula without prose, in the reference's variables?

    Math-Verify does not tell upper from lower case.
    """
    plain = clean(answer)
    if not 0 < len(plain) <= 400 or _ALTERNATIVES.search(plain) or _PROSE.search(plain):
        return False
    ours = set(_VARIABLE.findall(_COMMAND.sub(" ", clean(gold))))
    theirs = set(_VARIABLE.findall(_COMMAND.sub(" ", plain)))
    return theirs <= ours if _BOUND.search(gold) else theirs == ours


_COMMAND = re.compile(r"\\[a-zA-Z]+|\b(?:sin|cos|tan|log|ln|exp|sqrt)\b")
_VARIABLE = re.compile(r"[a-zA-Z]")
_BOUND = re.compile(r"\\(?:int|sum|prod|lim)(?![a-z])")
"Here a variable of the reference may be bound, and missing in the answer."
_PROSE = re.compile(r"(?<![\\a-zA-Z{])[a-zA-Z]{3,} [a-zA-Z]{2,}|[\u4e00-\u9fff]")


@lru_cache(maxsize=8)
def _verifier(policy: Policy) -> Verifier:
    return Verifier(policy)


def verify(
    gold: str,
    solution: str | None = None,
    *,
    prediction: str | None = None,
    question: str | None = None,
    options: Mapping[str, str] | None = None,
    policy: Policy | None = None,
) -> Verdict:
    """Decides whether a solution's final answer equals the reference `gold`: right, wrong or unknown, with reason.

    Give the text as `solution` (its final answer is searched) or as `prediction` (a short answer, tried whole first).
    """
    return _verifier(policy or DEFAULT).decide(
        gold, solution, prediction=prediction, question=question, options=options
    )


def same_answer(
    first: str,
    second: str,
    *,
    question: str | None = None,
    options: Mapping[str, str] | None = None,
    policy: Policy | None = None,
) -> bool:
    """Do two final answers agree, by the same comparators (each taken as the reference of the other)?"""
    return any(
        verify(gold, prediction=other, question=question, options=options, policy=policy).value == "right"
        for gold, other in ((first, second), (second, first))
    )
