"""The self-reflection loop of one question, as a generator that does no I/O.

    solve ──check──> right: accept (stage "solve")
      └ wrong ──> reflect (told it is wrong) ──check──> right: accept ("reflect")
                    └ wrong ──> revise (shown the reference answer) ──check──> right: accept ("revise")
                                  └ wrong: reject with everything that was tried

After SciInstruct (arXiv 2401.07950, section 3.2). The generator yields what it needs next, `Ask` (requests that may be
answered at the same time; it receives their replies in order) or `Check` (a solution to be held against the
reference; it receives a Verdict), and returns an `Outcome`. Whoever drives it, live or in rounds, throws a ModelError
in where a reply cannot be had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from ..errors import RequestRefusedError, TransportError
from ..records import Attempt, Instruction, Message, Question, Record, Rejection, Reply, Request, Verdict
from ..verification import agree, extract, judge_messages, parse_judgement
from .agreement import group_by_answer
from .leaks import find_leak
from .parts import Parts, after_thinking, critic_verdict, split_parts
from .plan import Plan
from .prompts import problem_text, reference_text

__all__ = ["FAULTS", "Ask", "Check", "Outcome", "Steps", "self_reflection", "shortened"]

# How often a reply is asked for again, by what was wrong with it.
REASKS = {"no-solution": 2, "truncated": 1, "unstated": 1, "leak": 1}
# Rules of attempts whose verdict is about their form, not about their answer.
FAULTS = (*REASKS, "content-filter")
JUDGE_TRIES = 3
# Characters of the judge's reply that are kept as its reason.
JUDGE_WORDS = 300
# A wrong solution longer than this many characters (a repetition loop) is shown with its middle left out.
SHOWN_CHARACTERS = 8_000


class Ask(NamedTuple):
    """Requests that may be answered at the same time; the loop receives their replies in order."""

    requests: tuple[Request, ...]


class Check(NamedTuple):
    """A solution to be held against the reference answer of its question; the loop receives a Verdict."""

    question: Question
    solution: str


class Outcome(Record, frozen=True, kw_only=True):
    """How one question ended: its attempts and either an instruction or a rejection.

    `final` is False where another run may end differently (transport failure, a refusal of the server).
    """

    question: Question
    attempts: tuple[Attempt, ...] = ()
    instruction: Instruction | None = None
    rejection: Rejection | None = None
    final: bool = True


Steps = Generator[Ask | Check, Any, Outcome]
_Step = Generator[Ask | Check, Any, Any]


def self_reflection(question: Question, plan: Plan) -> Steps:
    """The loop for `question` under `plan`; see the module's text for what it yields and receives."""
    loop = _Loop(question, plan)
    try:
        return (yield from loop.run())
    except RequestRefusedError as error:
        return loop.reject(error.reason, str(error), final=False)
    except TransportError as error:
        return loop.reject("transport", str(error), final=False)


class _Loop:
    """State of one question on its way through the stages."""

    def __init__(self, question: Question, plan: Plan) -> None:
        self.question = question
        self.plan = plan
        self.stage = "solve"
        self.attempts: list[Attempt] = []
        self.asked: Counter[str] = Counter()

    def run(self) -> Steps:
        if self.question.reasoning is not None:
            given = yield from self._given(self.question.reasoning)
            if given is not None:
                return self.accept(given)
        if self.question.answer is None:
            return (yield from self._without_reference())
        return (yield from self._with_reference())

    # -- the ways through the loop ------------------------------------------------------------------------------------

    def _given(self, reasoning: str) -> _Step:
        """The attempt made of a solution that came with the question; a proof is taken untouched, a wrong one is
        not."""
        if self.question.type == "proof":
            verdict = self._of_proof()
        elif self.question.answer is None:
            return None
        else:
            verdict = yield Check(self.question, reasoning)
            if verdict.value != "right":
                return None
        attempt = Attempt(question_id=self.question.id, stage="given", solution=reasoning, verdict=verdict)
        self.attempts.append(attempt)
        return attempt

    def _of_proof(self) -> Verdict:
        """A proof is right only where its question states that `collect` has had Lean check it."""
        lean = self.question.meta.get("lean")
        if isinstance(lean, dict) and lean.get("checked") is True:
            return Verdict("right", "lean", f"accepted by {lean.get('by')}, as the collected question states")
        return Verdict("unknown", "static", "a formal proof, not checked by a proof assistant")

    def _with_reference(self) -> Steps:
        wrong: Attempt | None = None
        for stage, number in self._stages():
            self.stage = stage
            tried = yield from self._attempt(stage, number, wrong)
            if (accepted := self._acceptable(tried)) is not None:
                return self.accept(accepted)
            if tried[-1].verdict.rule == "content-filter":
                return self.reject("content-filter", tried[-1].verdict.reason)
            if self.plan.unknown == "reject" and (open_case := _first(tried, "unknown")) is not None:
                return self.reject("unverified", open_case.verdict.reason)
            wrong = _draft(tried) or wrong
        last = self.attempts[-1].verdict
        return self.reject(_reason(last), last.reason)

    def _without_reference(self) -> Steps:
        """Several samples, agreement and a critic in place of a check against a reference."""
        wanted = max(self.plan.agreement_samples, self.plan.samples.get("solve", 1))
        requests = tuple(self._request("solve", self._messages("solve")) for _ in range(wanted))
        replies: list[Reply] = yield Ask(requests)
        solutions = [after_thinking(reply.text) if reply.finish_reason == "stop" else "" for reply in replies]
        votes = group_by_answer(self.question, solutions)
        for index, (request, reply) in enumerate(zip(requests, replies, strict=True)):
            verdict = votes.verdict(index, self.plan.agreement_share)
            self._record("solve", 0, request, reply, Parts("", None, solutions[index]), verdict)
        agreed = [attempt for attempt in self.attempts if attempt.verdict.value == "right"]
        if not agreed:
            return self.reject("no-agreement", votes.summary())
        for attempt in agreed[:2]:
            if (yield from self._passes_critic(attempt)):
                return self.accept(attempt)
        return self.reject("critic", "the critic found a false step in the solutions that agree")

    def _stages(self) -> list[tuple[str, int]]:
        stages = [("solve", 0)]
        if "reflect" in self.plan.models:
            stages += [("reflect", number) for number in range(self.plan.rounds)]
        if "revise" in self.plan.models:
            stages.append(("revise", 0))
        return stages

    # -- one stage ----------------------------------------------------------------------------------------------------

    def _attempt(self, stage: str, number: int, wrong: Attempt | None) -> _Step:
        """The settled attempts of one stage, one per sample."""
        messages = self._messages(stage, wrong)
        count = self.plan.samples.get(stage, 1)
        requests = tuple(self._request(stage, messages) for _ in range(count))
        replies: list[Reply] = yield Ask(requests)
        settled = []
        for request, reply in zip(requests, replies, strict=True):
            settled.append((yield from self._settle(stage, number, request, reply, wrong)))
        return settled

    def _settle(self, stage: str, number: int, request: Request, reply: Reply, wrong: Attempt | None) -> _Step:
        """Checks one reply, asking again (bounded) where its form leaves nothing to check; the last attempt counts."""
        faults: Counter[str] = Counter()
        while True:
            parts = self._parts(stage, reply)
            verdict = yield from self._judge(stage, reply, parts, wrong)
            attempt = self._record(stage, number, request, reply, parts, verdict)
            fault = verdict.rule
            faults[fault] += 1
            if faults[fault] > REASKS.get(fault, 0):
                return attempt
            request = self._request(stage, request.messages, room=2 if fault == "truncated" else 1)
            (reply,) = yield Ask((request,))

    def _parts(self, stage: str, reply: Reply) -> Parts | None:
        if stage == "solve" or reply.plain:
            return Parts("", None, after_thinking(reply.text))
        return split_parts(reply.text)

    def _judge(self, stage: str, reply: Reply, parts: Parts | None, wrong: Attempt | None) -> _Step:
        """The verdict on one reply: its form first, then the rules, then the judge where the rules do not know."""
        if reply.finish_reason == "content_filter":
            return Verdict("wrong", "content-filter", "the provider's content filter stopped the reply")
        if reply.finish_reason == "length":
            return Verdict("wrong", "truncated", "the reply was cut off at the token limit")
        if parts is None:
            return Verdict("wrong", "no-solution", "the reply has no corrected solution under its heading")
        verdict: Verdict = yield Check(self.question, parts.solution)
        if verdict.value == "unknown" and not (stated := extract(parts.solution)).confident:
            return Verdict("wrong", "unstated", f"no final answer is stated clearly: {stated.note}", verdict.extracted)
        if verdict.value == "unknown" and "judge" in self.plan.models:
            verdict = yield from self._ask_judge(verdict)
        accepted = ("right", "unknown") if self.plan.unknown == "accept" else ("right",)
        if verdict.value in accepted and stage == "revise" and not reply.plain and wrong is not None:
            leak = find_leak(parts.solution, question=problem_text(self.question), wrong_solution=wrong.solution)
            if leak is not None:
                return Verdict("wrong", "leak", leak, verdict.extracted)
        return verdict

    def _ask_judge(self, verdict: Verdict) -> _Step:
        """The judge's verdict, marked as the judge's; with a second look, only what it says in both orders counts."""
        judged: Verdict = yield from self._look(verdict, swapped=False)
        if self.plan.second_look and judged.value != "unknown":
            judged = agree(judged, (yield from self._look(verdict, swapped=True)))
        return judged

    def _look(self, verdict: Verdict, *, swapped: bool) -> _Step:
        """One look of the judge, which sees the extracted answer alone. Unreadable judgements are asked again."""
        language = self.plan.prompt_set(self.question).language
        answer = verdict.extracted or ""
        texts = (problem_text(self.question), reference_text(self.question), answer)
        messages = judge_messages(*texts, language, swapped=swapped)
        for _ in range(JUDGE_TRIES):
            (reply,) = yield Ask((self._request("judge", messages),))
            judged = parse_judgement(after_thinking(reply.text))
            if judged.value != "unknown":
                words = " ".join(after_thinking(reply.text).split())
                return Verdict(judged.value, "judge", f"{judged.reason}: {words[:JUDGE_WORDS]}", answer)
        return Verdict("unknown", "judge", f"the judge could not tell; the rules: {verdict.reason}", answer)

    def _passes_critic(self, attempt: Attempt) -> _Step:
        if "critic" not in self.plan.models:
            return True
        messages = self._messages("critic", attempt)
        (reply,) = yield Ask((self._request("critic", messages),))
        return critic_verdict(after_thinking(reply.text)) is not False

    # -- requests and records -----------------------------------------------------------------------------------------

    def _messages(self, stage: str, draft: Attempt | None = None) -> tuple[Message, ...]:
        values = {"problem": problem_text(self.question)}
        if stage != "solve":
            values["solution"] = shortened(draft.solution if draft else "")
        if stage == "revise":
            values["reference"] = reference_text(self.question)
        return self.plan.prompt_set(self.question).messages(stage, **values)

    def _request(self, stage: str, messages: tuple[Message, ...], room: int = 1) -> Request:
        sample = self.asked[stage]
        self.asked[stage] += 1
        return self.plan.request(self.question, stage, sample, messages, room)

    def _record(
        self, stage: str, number: int, request: Request, reply: Reply, parts: Parts | None, verdict: Verdict
    ) -> Attempt:
        attempt = Attempt(
            question_id=self.question.id,
            stage=stage,
            round=number,
            sample=request.sample,
            model=request.model,
            solution=parts.solution if parts else "",
            reflection=parts.reflection if parts else after_thinking(reply.text),
            error_kind=parts.error_kind if parts else None,
            verdict=verdict,
            finish_reason=reply.finish_reason,
            prompt_tokens=reply.prompt_tokens,
            completion_tokens=reply.completion_tokens,
        )
        self.attempts.append(attempt)
        return attempt

    def _acceptable(self, tried: list[Attempt]) -> Attempt | None:
        right = _first(tried, "right")
        if right is None and self.plan.unknown == "accept":
            return _first(tried, "unknown")
        return right

    def accept(self, attempt: Attempt) -> Outcome:
        question = self.question
        instruction = Instruction(
            id=question.id,
            messages=(
                Message(role="user", content=problem_text(question)),
                Message(role="assistant", content=attempt.solution),
            ),
            question=question.question,
            options=question.options,
            reasoning=attempt.solution,
            answer=question.answer if question.answer is not None else attempt.verdict.extracted,
            subject=question.subject,
            topic=question.topic,
            type=question.type,
            language=question.language,
            source=question.source,
            licence=question.licence,
            stage=attempt.stage,
            verdict=attempt.verdict.value,
            rule=attempt.verdict.rule,
            model=attempt.model,
            tokens=attempt.completion_tokens,
        )
        return Outcome(question=question, attempts=tuple(self.attempts), instruction=instruction)

    def reject(self, reason: str, detail: str, *, final: bool = True) -> Outcome:
        rejection = Rejection.of(self.question, self.stage, reason, detail)
        return Outcome(question=self.question, attempts=tuple(self.attempts), rejection=rejection, final=final)


def _first(attempts: list[Attempt], value: str) -> Attempt | None:
    return next((attempt for attempt in attempts if attempt.verdict.value == value), None)


def _draft(attempts: list[Attempt]) -> Attempt | None:
    """The attempt that the next stage is shown: the first that states an answer, else any that has text."""
    has_text: Callable[[Attempt], bool] = lambda attempt: bool(attempt.solution)  # noqa: E731
    stated = [attempt for attempt in attempts if has_text(attempt) and attempt.verdict.rule not in FAULTS]
    return next(iter(stated or filter(has_text, attempts)), None)


def _reason(last: Verdict) -> str:
    """Why a question ends rejected after its last stage, as one word for the attrition table."""
    if last.rule in FAULTS:
        return last.rule
    return "unverified" if last.value == "unknown" else "wrong"


def shortened(solution: str) -> str:
    """A solution as a prompt shows it: whole, or with its middle left out where it is very long."""
    if len(solution) <= SHOWN_CHARACTERS:
        return solution
    half = SHOWN_CHARACTERS // 2
    return f"{solution[:half]}\n[…]\n{solution[-half:]}"
