"""The options of `annotate`: one definition for the command line, YAML files and Python."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ..errors import ConfigError

__all__ = ["AnnotateConfig", "columns", "entries_of", "pairs"]

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
            _set(self, name, _as_tuple(name, getattr(self, name)))
        for name in ("map", "default", "extra", "price"):
            _set(self, name, _as_pairs(name, getattr(self, name)))
        for name in ("prompts", "reuse"):
            _set(self, name, tuple(Path(path) for path in getattr(self, name)))
        _set(self, "out", Path(self.out))
        if self.ledger is not None:
            _set(self, "ledger", Path(self.ledger))
        self._check()

    def _check(self) -> None:
        _check_kinds(self)
        if not self.model:
            raise ConfigError("model: give at least one model, for example --model http://127.0.0.1:8000/v1#NAME")
        at_least_one = (
            *("samples", "reflect_samples", "revise_samples", "rounds", "agreement_samples", "concurrency"),
            *("max_tokens", "max_calls", "pilot"),
        )
        for name in at_least_one:
            value = getattr(self, name)
            if value is not None and not value >= 1:
                raise ConfigError(f"{name}: {value} is less than 1")
        for name in ("requests_per_minute", "tokens_per_minute", "timeout", "budget"):
            value = getattr(self, name)
            if value is not None and not value > 0:
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
        if self.controls < 0:
            raise ConfigError(f"controls: {self.controls} is less than 0")
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


def columns(entries: tuple[str, ...]) -> dict[str, str]:
    """ "COLUMN=FIELD" entries of the option `map` as field -> column: one column may serve several fields.

    Raises ConfigError for an entry of another form, and for a field that is given two columns.
    """
    result: dict[str, str] = {}
    for entry in entries:
        ((column, field),) = pairs("map", (entry,)).items()
        if result.setdefault(field, column) != column:
            raise ConfigError(f"map: {field} is given two columns, {result[field]!r} and {column!r}; keep one")
    return result


def entries_of(name: str, mapping: Mapping[Any, Any]) -> list[str]:
    """ "KEY=VALUE" entries that a mapping given for the option `name` stands for.

    Values are texts, or JSON where they are something else; the numbers of a price stand with commas between them, and
    a column of `map` with several fields is several entries.
    """
    entries = []
    for key, value in mapping.items():
        if name == "price" and isinstance(value, list | tuple):
            entries.append(f"{key}={','.join(map(str, value))}")
        elif name == "map" and isinstance(value, list | tuple):
            entries += [f"{key}={field}" for field in value]
        elif value is None or isinstance(value, bool | int | float | list | tuple | dict):
            entries.append(f"{key}={json.dumps(value, ensure_ascii=False, default=str)}")
        elif name == "extra" and _reads_as_json(str(value)):
            entries.append(f"{key}={json.dumps(str(value), ensure_ascii=False)}")
        else:
            entries.append(f"{key}={value}")
    return entries


def _reads_as_json(text: str) -> bool:
    """Whether a text of `extra` would arrive as something else, a number for example, or not at all."""
    try:
        json.loads(text)
    except ValueError:
        return not text.strip()
    return True


def _check_kinds(config: AnnotateConfig) -> None:
    """Raise ConfigError for an option whose value is not of its kind, which Python does not check by itself."""
    for name, hint in get_type_hints(AnnotateConfig).items():
        kinds = get_args(hint) if NoneType in get_args(hint) else (hint,)
        many = get_origin(hint) is tuple
        kind = get_args(hint)[0] if many else kinds[0]
        value = getattr(config, name)
        for item in value if many else (value,):
            accepted = _unlike(kind, item)
            if accepted and not (item is None and NoneType in kinds):
                raise ConfigError(f"{name}: {item!r} is not {accepted}{' or None' if NoneType in kinds else ''}")


def _unlike(kind: Any, value: Any) -> str | None:
    """What is accepted, in words, where the value is not of the kind; else None."""
    if get_origin(kind) is Literal:
        return None if value in get_args(kind) else f"one of {', '.join(get_args(kind))}"
    if kind is bool:
        return None if isinstance(value, bool) else "True or False"
    if kind is int:
        return None if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if kind is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        return None if fits else "a finite number"
    return None if isinstance(value, kind) else f"a {'path' if kind is Path else 'text'}"


def _set(config: AnnotateConfig, name: str, value: Any) -> None:
    object.__setattr__(config, name, value)


def _as_tuple(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str | Path):
        return (value,)
    try:
        return tuple(value)
    except TypeError:
        raise ConfigError(f"{name}: {value!r} is neither a text nor a list of texts") from None


def _as_pairs(name: str, value: Any) -> tuple[str, ...]:
    entries = tuple(entries_of(name, value)) if isinstance(value, Mapping) else _as_tuple(name, value)
    for entry in entries:
        if not isinstance(entry, str):
            raise ConfigError(f"{name}: {entry!r} is not a text of the form KEY=VALUE")
    if name == "map":
        columns(entries)
    else:
        pairs(name, entries)
    return entries


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
