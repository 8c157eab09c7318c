"""`judge-report`: the judge against the rules, against labels, and what that says about a run's accepted answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import InputError, RequestRefusedError, TransportError
from ..io import read_attempts
from ..llm.client import Client
from ..llm.ledger import open_ledger
from ..llm.model import Model, open_model
from ..records import Language, Request, Sampling, Verdict
from ..verification import Policy, Verifier, agree, judge_messages, parse_judgement
from ..verification.extraction import strip_thinking
from ..verification.scoring import Score, agreement_table, false_accepts, score
from .verify_files import expectation, options_of, references_of, rows_of

__all__ = ["JudgeOptions", "judge_lines"]

_IN_FLIGHT = 16


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """Whom to ask as a judge (nobody: only verdicts that are on file count), where its replies are kept, how many
    attempts it is asked about, and whether it looks twice, in swapped order."""

    judge: tuple[str, ...] = ()
    ledger: Path = Path("judge.sqlite")
    sample: int = 200
    second_look: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One answer with the verdicts on it: the rules', the judge's (None: not asked yet), and its label if any."""

    id: str
    question: str
    gold: str
    rules: Verdict
    judge: Verdict | None = None
    expected: bool | None = None


def judge_lines(
    run: Path | None,
    labelled: Path | None,
    mapping: Sequence[str] = (),
    policy: Policy | None = None,
    options: JudgeOptions | None = None,
) -> list[str]:
    """The report as lines: confusion matrices, agreement with the rules, the estimated share of false accepts.

    Raises InputError for files that cannot be read; ConfigError and ModelError where the judge cannot be asked.
    """
    options = options or JudgeOptions()
    scores, on_labels = _labelled(labelled, mapping, policy, options) if labelled else ({}, [])
    lines: list[str] = []
    for kind, measured in scores.items():
        lines += [f"{kind}, on {labelled}", *measured.lines(), ""]
    lines += _agreement_lines(on_labels, str(labelled)) if on_labels else []
    if run is None:
        return lines
    cases, accepted = _of_run(run, policy)
    lines += _agreement_lines(_asked(_sampled(cases, options), options), str(run))
    errors = {kind: (measured.of(False, "right"), measured.accepted) for kind, measured in scores.items()}
    estimate, low, high = false_accepts(accepted, errors)
    counts = ", ".join(f"{count} by {kind}" for kind, count in accepted.items())
    lines += ["", f"accepted: {counts or 'nothing'}"]
    if not scores:
        return [*lines, "share of false accepts: give --labelled FILE to estimate it"]
    return [*lines, f"share of false accepts: {estimate:.4f} (95 % interval {low:.4f} to {high:.4f})"]


def _agreement_lines(cases: Sequence[Case], where: str) -> list[str]:
    table, share = agreement_table([(case.judge, case.rules) for case in cases if case.judge is not None])
    both = sum(count for pair, count in table.items() if "unknown" not in pair)
    return [
        f"the judge against today's rules, in {where}",
        *(f"  judge {judge}, rules {rules}: {count}" for (judge, rules), count in sorted(table.items())),
        f"  agreement where both speak: {share:.3f} of {both}" if both else "  they never speak on the same answer",
    ]


# -- where cases come from -------------------------------------------------------------------------------------------


def _labelled(
    path: Path, mapping: Sequence[str], policy: Policy | None, options: JudgeOptions
) -> tuple[dict[str, Score], list[Case]]:
    """Scores by who gave the verdict (rules, judge), and the cases on which both were heard.

    A row has `expected` and either `verdict` and `rule`, or a pair as `verify` reads it: then today's rules decide it
    here, and the judge too if one is given.
    """
    verifier = Verifier(policy)
    pairs: dict[str, list[tuple[bool, Verdict]]] = {"rules": [], "judge": []}
    cases: list[Case] = []
    for where, row in rows_of([path], mapping):
        wanted = expectation(row.get("expected"), where)
        if wanted is None:
            raise InputError(f"{where}: there is no field 'expected' (true or false); rename yours with --map")
        value = row.get("verdict")
        if value in ("right", "wrong", "unknown"):
            rule = str(row.get("rule") or "judge")
            pairs["judge" if rule == "judge" else "rules"].append((wanted, Verdict(value, rule, "")))
            continue
        if row.get("gold") is None:
            raise InputError(f"{where}: needs 'verdict' (right, wrong or unknown), or 'gold' and 'prediction'")
        question = str(row.get("question") or "")
        rules = verifier.check(
            str(row["gold"]),
            _text(row.get("solution")),
            prediction=_text(row.get("prediction")),
            question=question,
            options=options_of(row.get("options"), where),
        )
        pairs["rules"].append((wanted, rules))
        cases.append(Case(str(row.get("id", where)), question, str(row["gold"]), rules, expected=wanted))
    asked = _asked(cases, options) if options.judge else []
    pairs["judge"] += [(bool(case.expected), case.judge) for case in asked if case.judge is not None]
    return {kind: score(verdicts) for kind, verdicts in pairs.items() if verdicts}, asked


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _of_run(run: Path, policy: Policy | None) -> tuple[list[Case], dict[str, int]]:
    """The attempts with an extracted answer as cases, and who accepted how many attempts."""
    references = references_of(run)
    verifier = Verifier(policy)
    cases: list[Case] = []
    accepted: Counter[str] = Counter()
    for attempt in read_attempts(run):
        if attempt.verdict.value == "right":
            accepted["judge" if attempt.verdict.rule == "judge" else "rules"] += 1
        reference = references.get(attempt.question_id)
        if reference is None:
            continue
        rules = verifier.check(reference.gold, attempt.solution, question=reference.question, options=reference.options)
        judge = attempt.verdict if attempt.verdict.rule == "judge" else None
        cases.append(Case(attempt.question_id, reference.question, reference.gold, rules, judge))
    return cases, dict(accepted)


def _sampled(cases: Sequence[Case], options: JudgeOptions) -> list[Case]:
    """The judged cases, and if there is a judge to ask, an even sample of those that the rules decide."""
    judged = [case for case in cases if case.judge is not None]
    if not options.judge:
        return judged
    decided = [case for case in cases if case.judge is None and case.rules.value != "unknown" and case.rules.extracted]
    step = max(1, len(decided) // max(1, options.sample))
    return [*judged, *decided[::step][: options.sample]]


# -- asking the judge ------------------------------------------------------------------------------------------------


def _asked(cases: Sequence[Case], options: JudgeOptions) -> list[Case]:
    """The cases with the judge's verdicts filled in, where there is a judge to ask and an answer to show it."""
    if not options.judge or all(case.judge is not None for case in cases):
        return list(cases)
    return asyncio.run(_ask_all(cases, options))


async def _ask_all(cases: Sequence[Case], options: JudgeOptions) -> list[Case]:
    model = open_model(options.judge)
    ledger = open_ledger(options.ledger)
    client = Client({model.name: model}, ledger)
    gate = asyncio.Semaphore(_IN_FLIGHT)
    try:
        return list(await asyncio.gather(*(_ask(client, model, case, options.second_look, gate) for case in cases)))
    finally:
        await model.aclose()
        ledger.close()


async def _ask(client: Client, model: Model, case: Case, second_look: bool, gate: asyncio.Semaphore) -> Case:
    if case.judge is not None or not case.rules.extracted:
        return case
    async with gate:
        verdict = await _look(client, model, case, swapped=False)
        if second_look and verdict.value != "unknown":
            verdict = agree(verdict, await _look(client, model, case, swapped=True))
    return replace(case, judge=verdict)


async def _look(client: Client, model: Model, case: Case, *, swapped: bool) -> Verdict:
    answer = case.rules.extracted or ""
    language: Language = "zh" if any("\u4e00" <= character <= "\u9fff" for character in case.question) else "en"
    messages = judge_messages(case.question, case.gold, answer, language, swapped=swapped)
    decides = Sampling(temperature=0.0)
    request = Request(model=model.name, messages=messages, sampling=decides, question_id=case.id, stage="judge")
    try:
        reply = await client.answer(request)
    except (RequestRefusedError, TransportError) as error:
        return Verdict("unknown", "judge", f"no reply: {error}", answer)
    return parse_judgement(strip_thinking(reply.text), answer)
