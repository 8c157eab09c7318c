"""The options of `annotate`: one definition for the command line, YAML files and Python."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..errors import ConfigError

__all__ = ["AnnotateConfig", "pairs"]

Specs = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class AnnotateConfig:
    """Options of `annotate`; each field is a flag, a YAML key and a keyword argument of the same name."""

    model: Specs
    "Model that solves, and does every other stage that has no model of its own. Repeat it to make a pool of endpoints."
    out: Path = Path("run")
    "Run folder; the same folder again goes on where the run stopped."

    reflect_model: Specs = ()
    "Model for the reflect stage."
    revise_model: Specs = ()
    "Model for the revise stage."
    judge: Specs = ()
    "Model that judges answers that the rules cannot decide; without it such questions end rejected as `unverified`."
    second_look: bool = False
    "Ask the judge twice, with the two answers in swapped order; only what it says both times counts."
    critic: Specs = ()
    "Model that looks for a false step in questions without a reference answer (default: the reflect stage's model)."

    stages: tuple[Literal["solve", "reflect", "revise"], ...] = ("solve", "reflect", "revise")
    "Stages of the loop, comma-free and repeatable; solve is always done."
    samples: int = 1
    "Solutions per question in the solve stage; all are checked, the first right one is kept."
    reflect_samples: int = 1
    "Corrected solutions per round of the reflect stage."
    revise_samples: int = 1
    "Corrected solutions in the revise stage."
    rounds: int = 1
    "Rounds of reflection; each is shown the solution of the round before."
    agreement_samples: int = 5
    "Solutions per question that has no reference answer."
    agreement_share: float = 0.6
    "Share of those that must agree on the answer."
    unknown: Literal["reject", "continue", "accept"] = "reject"
    "What happens to an answer that neither rules nor judge can decide: reject it, treat it as wrong, or accept it."

    language: Literal["auto", "en", "zh"] = "auto"
    "Language of the prompts; auto takes the question's own."
    prompts: tuple[Path, ...] = ()
    "YAML files with prompts in place of the built-in ones, one per language."
    map: tuple[str, ...] = ()
    "COLUMN=FIELD: take FIELD (question, answer, options, id, subject, …) from your COLUMN."
    default: tuple[str, ...] = ()
    "FIELD=VALUE for rows that have none (subject, topic, type, language, source, licence)."

    temperature: float | None = None
    "Sampling temperature; not sent unless given. Judge and critic are asked at 0."
    top_p: float | None = None
    "Nucleus sampling; not sent unless given."
    max_tokens: int | None = None
    "Token limit of a reply; a reply that is cut off is asked again once with twice as much. Not sent unless given."
    extra: tuple[str, ...] = ()
    "KEY=VALUE put into every request body, VALUE as JSON or text (for example reasoning_effort=low)."
    seed: int = 0
    "Seed of the run; each request gets one of its own made from it."

    concurrency: int = 64
    "Questions in flight at the same time."
    requests_per_minute: int | None = None
    "Limit of each endpoint; none unless given."
    tokens_per_minute: int | None = None
    "Limit of each endpoint, prompt and completion together; none unless given."
    retries: int = 6
    "Tries again per request after a time-out, a lost connection, 408, 409, 429 or 5xx."
    timeout: float = 600.0
    "Seconds that one reply may take."

    price: tuple[str, ...] = ()
    "MODEL=INPUT,OUTPUT[,CACHED[,REASONING]]: dollars per million tokens."
    budget: float | None = None
    "Dollars to spend in this run folder; it stops cleanly there and can be resumed."
    max_calls: int | None = None
    "Calls to pay for in this run folder; it stops cleanly there and can be resumed."

    plan: bool = False
    "Annotate a pilot only, and say what the rest will take: calls, tokens, dollars and time by stage, as ranges."
    pilot: int = 40
    "Questions of the pilot; they are paid for and count when the run goes on."
    controls: int = 0
    "At the end, two controls on this many questions with a wrong first solution: a wrong reference, and resampling."

    ledger: Path | None = None
    "File of every paid reply (default: ledger.sqlite in the run folder)."
    reuse: tuple[Path, ...] = ()
    "Run folders or ledgers whose replies are used where they fit."

    def __post_init__(self) -> None:
        for name in ("model", "reflect_model", "revise_model", "judge", "critic", "stages", "prompts", "reuse"):
            _set(self, name, _as_tuple(getattr(self, name)))
        for name in ("map", "default", "extra", "price"):
            _set(self, name, _as_pairs(name, getattr(self, name)))
        for name in ("prompts", "reuse"):
            _set(self, name, tuple(Path(path) for path in getattr(self, name)))
        _set(self, "out", Path(self.out))
        if self.ledger is not None:
            _set(self, "ledger", Path(self.ledger))
        self._check()

    def _check(self) -> None:
        if not self.model:
            raise ConfigError("model: give at least one model, for example --model http://127.0.0.1:8000/v1#NAME")
        if unknown := set(self.stages) - {"solve", "reflect", "revise"}:
            raise ConfigError(f"stages: {min(unknown)!r} is none of solve, reflect, revise")
        at_least_one = (
            *("samples", "reflect_samples", "revise_samples", "rounds", "agreement_samples", "concurrency"),
            *("max_tokens", "max_calls", "pilot"),
        )
        for name in at_least_one:
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ConfigError(f"{name}: {value} is less than 1")
        for name in ("requests_per_minute", "tokens_per_minute", "timeout", "budget"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name}: {value} is not more than 0")
        for name, low, high in (
            ("agreement_share", 0, 1),
            ("top_p", 0, 1),
            ("temperature", 0, 10),
            ("retries", 0, 100),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ConfigError(f"{name}: {value} is not between {low} and {high}")
        if self.budget is not None and not self.price:
            raise ConfigError("budget: needs prices to count with, for example --price NAME=0.25,2.0")

    def as_dict(self) -> dict[str, Any]:
        """The options as plain values, as they stand in the run folder's config.yaml."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def pairs(name: str, entries: tuple[str, ...]) -> dict[str, str]:
    """ "KEY=VALUE" entries of the option `name` as a dict; raises ConfigError for an entry without a key or a value."""
    result = {}
    for entry in entries:
        key, equals, value = entry.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise ConfigError(f"{name}: {entry!r} is not of the form KEY=VALUE")
        result[key.strip()] = value.strip()
    return result


def _set(config: AnnotateConfig, name: str, value: Any) -> None:
    object.__setattr__(config, name, value)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, str | Path) else tuple(value)


def _as_pairs(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, Mapping):
        value = [f"{key}={_pair_value(entry)}" for key, entry in value.items()]
    entries = _as_tuple(value)
    pairs(name, entries)
    return entries


def _pair_value(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ",".join(str(item) for item in value)
    return json.dumps(value)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
