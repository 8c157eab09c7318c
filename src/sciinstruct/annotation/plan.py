"""What the loop is to do: the plan of a run, resolved from its options, and the seed of each request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from .. import __version__
from ..records import Language, Message, Question, Request, Sampling
from .prompts import PromptSet, language_of

__all__ = ["Plan", "UnknownPolicy"]

# Tokens that a reply of each stage takes, more or less.
_ANSWER_TOKENS = {"solve": 600, "reflect": 900, "revise": 900, "critic": 500, "judge": 60}

UnknownPolicy = Literal["reject", "continue", "accept"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that decides what the loop asks and accepts.

    `models` and `sampling` are by stage: solve, reflect, revise, critic and (if verdicts of unknown go to a judge)
    judge; a stage that is missing from `models` is skipped, except solve. `samples` is by stage too.
    """

    models: Mapping[str, str]
    sampling: Mapping[str, Sampling]
    prompts: Mapping[Language, PromptSet]
    samples: Mapping[str, int] = field(default_factory=dict)
    rounds: int = 1
    language: Literal["auto", "en", "zh"] = "auto"
    seed: int = 0
    unknown: UnknownPolicy = "reject"
    second_look: bool = False
    agreement_samples: int = 5
    agreement_share: float = 0.6
    rules_version: str = ""

    def request(
        self, question: Question, stage: str, sample: int, messages: tuple[Message, ...], room: int = 1
    ) -> Request:
        """The request for one reply at `stage`; `sample` numbers this question's requests at the stage from 0.

        `room` multiplies the token limit (a reply that was cut off is asked again with twice as much).
        """
        sampling = self.sampling[stage]
        if room > 1 and sampling.max_tokens is not None:
            sampling = Sampling(
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                max_tokens=sampling.max_tokens * room,
                stop=sampling.stop,
                extra=sampling.extra,
            )
        return Request(
            model=self.models[stage],
            messages=messages,
            sampling=sampling,
            sample=sample,
            seed=self._seed(question.id, stage, sample),
            question_id=question.id,
            stage=stage,
            expected_tokens=_expected_tokens(stage, messages),
        )

    def prompt_set(self, question: Question) -> PromptSet:
        """The prompts in the language of this question."""
        return self.prompts[language_of(question, self.language)]

    def digest(self) -> bytes:
        """8 bytes that differ whenever an outcome may differ: every option above, the prompts and the program's
        version."""
        parts = (
            __version__,
            self.rules_version,
            sorted(self.models.items()),
            sorted((stage, repr(sampling)) for stage, sampling in self.sampling.items()),
            sorted((language, prompts.digest()) for language, prompts in self.prompts.items()),
            sorted(self.samples.items()),
            (self.rounds, self.language, self.seed, self.unknown, self.agreement_samples, self.agreement_share),
            self.second_look,
        )
        return hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()

    def _seed(self, question_id: str, stage: str, sample: int) -> int:
        text = f"{self.seed}|{question_id}|{stage}|{sample}".encode()
        # 31 bits: some servers read the seed as a signed 32-bit integer.
        return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest()) & 0x7FFFFFFF


def _expected_tokens(stage: str, messages: tuple[Message, ...]) -> int:
    """A rough size of the call, for queues and token limits: some three characters a token, plus what a stage
    answers."""
    return sum(len(message.content) for message in messages) // 3 + _ANSWER_TOKENS[stage]
