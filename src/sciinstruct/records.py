"""The few record types that flow between the packages, and their Arrow schemas.

    Question -> Request -> Reply -> Attempt (with its Verdict) -> Instruction | Rejection

All are frozen `msgspec.Struct`s: compare by value, encode to JSON with `msgspec.json`. Text is `str` as it came from
its source; counts of tokens are `int`. Where a field is `None`, it is not known.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "Attempt",
    "Instruction",
    "Language",
    "Message",
    "Question",
    "Rejection",
    "Reply",
    "Request",
    "Sampling",
    "Verdict",
    "attempt_schema",
    "instruction_schema",
    "rejection_schema",
]

Language = Literal["en", "zh"]
VerdictValue = Literal["right", "wrong", "unknown"]


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of the records: frozen, defaults left out of the JSON; fields are keyword-only."""


class Question(Record, frozen=True, kw_only=True):
    """One science question, ready to be annotated.

    `options` maps a letter to the option's text, in order; `answer` is the reference answer (letters run together where
    several options are right) and None where there is none; `reasoning` is a solution that came with the question
    (a Lean proof): such a question passes through with stage `given`.
    """

    id: str
    question: str
    options: dict[str, str] | None = None
    answer: str | None = None
    reasoning: str | None = None
    subject: str | None = None
    topic: str | None = None
    type: str | None = None
    language: Language | None = None
    source: str | None = None
    licence: str | None = None
    meta: dict[str, Any] = {}


class Message(Record, frozen=True, kw_only=True):
    """One chat message; `role` is system, user or assistant."""

    role: str
    content: str


class Sampling(Record, frozen=True, kw_only=True):
    """Sampling options of one request; None leaves the choice to the server.

    `extra` goes into the request body as it is (for example `{"reasoning_effort": "low"}`).
    """

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    extra: dict[str, Any] = {}


class Request(Record, frozen=True, kw_only=True):
    """What a model is asked. The first five fields make the ledger key, the rest says who asks."""

    model: str
    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    sample: int = 0
    seed: int = 0
    question_id: str = ""
    stage: str = ""
    expected_tokens: int = 0

    def key(self) -> bytes:
        """16 bytes that name the content of this request: model, messages, sampling, sample index and seed.

        The endpoint's address is not part of it, nor who asks.
        """
        content = (self.model, self.messages, self.sampling, self.sample, self.seed)
        return hashlib.blake2b(msgspec.json.encode(content), digest_size=16).digest()


class Reply(Record, frozen=True, kw_only=True):
    """What a model answered, with the tokens it took as the server counted them.

    `finish_reason` is `stop`, `length` (cut off) or `content_filter`; `thinking` is the text of a reasoning model that
    is not part of its answer; `plain` says that the text is a plain solution without labelled parts (recorded models).
    `prompt_tokens` includes `cached_tokens`, `completion_tokens` includes `reasoning_tokens`.
    """

    text: str
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    thinking: str = ""
    plain: bool = False


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether a final answer equals the reference: right, wrong or unknown, which rule said so and why.

    `extracted` is the final answer that was found in the text, None where none was stated.
    """

    value: VerdictValue
    rule: str
    reason: str
    extracted: str | None = None


class Attempt(Record, frozen=True, kw_only=True):
    """One solution at one stage with its verdict.

    `stage` is solve, reflect, revise or given; `round` counts rounds of reflection and `sample` samples, both from 0;
    `error_kind` is what the reflection named: comprehension, calculation, reasoning or other.
    """

    question_id: str
    stage: str
    round: int = 0
    sample: int = 0
    model: str = ""
    solution: str = ""
    reflection: str = ""
    error_kind: str | None = None
    verdict: Verdict
    finish_reason: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Instruction(Record, frozen=True, kw_only=True):
    """An accepted question with its reasoning, as a student is trained on it.

    `messages` is the chat form (user, assistant); options stand in it as "A. text" while `question` stays bare.
    `tokens` is the count of completion tokens of the accepted attempt.
    """

    id: str
    messages: tuple[Message, ...]
    question: str
    options: dict[str, str] | None = None
    reasoning: str
    answer: str | None = None
    subject: str | None = None
    topic: str | None = None
    type: str | None = None
    language: str | None = None
    source: str | None = None
    licence: str | None = None
    stage: str
    verdict: VerdictValue
    rule: str
    quality: float | None = None
    model: str = ""
    tokens: int = 0


class Rejection(Record, frozen=True, kw_only=True):
    """Why a question is not in the output: at which stage, for which short reason, and the details in words.

    `stage` is `read` for a row that could not be used (then `file`, `line`, `field` and `value` say where), else the
    stage at which the question ended.
    """

    id: str
    stage: str
    reason: str
    detail: str = ""
    question: str = ""
    options: dict[str, str] | None = None
    answer: str | None = None
    subject: str | None = None
    language: str | None = None
    source: str | None = None
    licence: str | None = None
    file: str | None = None
    line: int | None = None
    field: str | None = None
    value: str | None = None

    @classmethod
    def of(cls, question: Question, stage: str, reason: str, detail: str, **where: str) -> Rejection:
        """The rejection of `question`, with all that is known of it; `where` may give field and value."""
        return cls(
            id=question.id,
            stage=stage,
            reason=reason,
            detail=detail,
            question=question.question,
            options=question.options,
            answer=question.answer,
            subject=question.subject,
            language=question.language,
            source=question.source,
            licence=question.licence,
            field=where.get("field"),
            value=where.get("value"),
        )


def _schema(*columns: tuple[str, str]) -> pa.Schema:
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "options": pa.list_(pa.struct([("label", pa.string()), ("text", pa.string())])),
        "messages": pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())])),
    }
    return pa.schema([(name, types[kind]) for name, kind in columns])


def attempt_schema() -> pa.Schema:
    """Arrow schema of attempts.parquet: one row per attempt, the verdict's fields spread into columns."""
    return _schema(
        ("question_id", "text"),
        ("stage", "text"),
        ("round", "int"),
        ("sample", "int"),
        ("model", "text"),
        ("solution", "text"),
        ("reflection", "text"),
        ("error_kind", "text"),
        ("final_answer", "text"),
        ("verdict", "text"),
        ("rule", "text"),
        ("reason", "text"),
        ("finish_reason", "text"),
        ("prompt_tokens", "int"),
        ("completion_tokens", "int"),
    )


def instruction_schema() -> pa.Schema:
    """Arrow schema of instructions.parquet: the fields of `Instruction`; options as a list of (label, text)."""
    return _schema(
        ("id", "text"),
        ("messages", "messages"),
        ("question", "text"),
        ("options", "options"),
        ("reasoning", "text"),
        ("answer", "text"),
        ("subject", "text"),
        ("topic", "text"),
        ("type", "text"),
        ("language", "text"),
        ("source", "text"),
        ("licence", "text"),
        ("stage", "text"),
        ("verdict", "text"),
        ("rule", "text"),
        ("quality", "float"),
        ("model", "text"),
        ("tokens", "int"),
    )


def rejection_schema() -> pa.Schema:
    """Arrow schema of rejected.parquet: the fields of `Rejection`; options as a list of (label, text)."""
    return _schema(
        ("id", "text"),
        ("stage", "text"),
        ("reason", "text"),
        ("detail", "text"),
        ("question", "text"),
        ("options", "options"),
        ("answer", "text"),
        ("subject", "text"),
        ("language", "text"),
        ("source", "text"),
        ("licence", "text"),
        ("file", "text"),
        ("line", "int"),
        ("field", "text"),
        ("value", "text"),
    )
