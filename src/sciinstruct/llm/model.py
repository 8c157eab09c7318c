"""What a model is, and how a model spec becomes one.

A spec is one line that says where answers come from; several specs of the same model name make a pool:

    http(s)://host[:port]/v1#NAME   any server with OpenAI's chat completions
    openai:NAME                     OpenAI, or the server that $OPENAI_BASE_URL names
    recorded:FILE[#NAME]            replies read from a file
    PREFIX:REST                     what an installed package registers under the entry points `sciinstruct.models`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Protocol

import msgspec

from ..errors import ConfigError
from ..records import Reply, Request

__all__ = ["ENTRY_POINTS", "Call", "Model", "ModelFactory", "ModelOptions", "open_model"]

ENTRY_POINTS = "sciinstruct.models"

_FORMS = "http(s)://host/v1#NAME, openai:NAME, recorded:FILE"


class Model(Protocol):
    """Something that answers a `Request`.

    `answer` raises `RequestRefusedError` (this one request), `TransportError` (no reply after all retries) or
    `RunPausedError` (nobody is served until a person acts). It is awaited by many tasks of one event loop at once.
    """

    name: str

    async def answer(self, request: Request) -> Reply: ...

    async def aclose(self) -> None: ...


class Call(msgspec.Struct, frozen=True):
    """A reply with what it took: who served it, how many tries, when the last one began and how long it was."""

    reply: Reply
    endpoint: str
    tries: int
    started: float
    seconds: float


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How hard a model may be used. All limits are per endpoint; None is no limit.

    Args:
        concurrency: Most calls in flight; the actual number adapts to what the endpoint bears.
        requests_per_minute: Most calls begun in any 60 seconds.
        tokens_per_minute: Most tokens (prompt and completion) in any 60 seconds.
        retries: How often one request is sent again after a failure that may pass.
        timeout: Seconds until a call without a complete answer counts as failed.
        patience: Seconds for which a request bears 429s beyond its retries; also, seconds without a working endpoint
            after which the run pauses.
    """

    concurrency: int = 64
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    retries: int = 6
    timeout: float = 600.0
    patience: float = 120.0

    def __post_init__(self) -> None:
        for field in ("concurrency", "requests_per_minute", "tokens_per_minute", "timeout", "patience"):
            value = getattr(self, field)
            if value is not None and value <= 0:
                raise ConfigError(f"{field} = {value}: give a number above zero")
        if self.retries < 0:
            raise ConfigError(f"retries = {self.retries}: give zero or more")


ModelFactory = Callable[[str, ModelOptions], Model]
"""What an entry point of the group `sciinstruct.models` names: gets the spec without its prefix, and the options."""


def open_model(specs: Sequence[str], options: ModelOptions | None = None) -> Model:
    """The model that the specs name; several specs make a pool of endpoints that serve the same model.

    Nothing is sent yet: a server that is not there shows at the first request.

    Raises:
        ConfigError: A spec that cannot be read, an unknown prefix, or a pool of different models.
        InputError: A file of recorded replies that cannot be read.
    """
    options = options or ModelOptions()
    if not specs:
        raise ConfigError(f"no model given: use one of {_FORMS}")
    if all(spec.startswith(("http://", "https://", "openai:")) for spec in specs):
        from .pool import open_pool

        return open_pool(specs, options)
    if len(specs) > 1:
        raise ConfigError(f"model {', '.join(specs)}: only http(s) and openai endpoints can be pooled; give one spec")
    return _open_by_prefix(specs[0], options)


def _open_by_prefix(spec: str, options: ModelOptions) -> Model:
    prefix, colon, rest = spec.partition(":")
    if prefix == "recorded" and colon:
        from .recorded import open_recorded

        return open_recorded(rest)
    plugins = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if colon and prefix in plugins:
        factory: ModelFactory = plugins[prefix].load()
        return factory(rest, options)
    if not colon and spec in plugins:  # a model that needs no argument, such as `teacher`
        factory = plugins[spec].load()
        return factory("", options)
    known = _FORMS + "".join(f", {name}:…" for name in sorted(plugins))
    raise ConfigError(f"model {spec!r}: unknown kind; known are {known}")
