"""The model behind http(s) and openai specs: one or several endpoints, limits, retries."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Sequence

import msgspec
from yarl import URL

from ..errors import ConfigError, RequestRefusedError, RunPausedError, TransportError
from ..records import Reply, Request
from .gate import Gate
from .http import Endpoint, FailedTry
from .limits import Limits, Outcome
from .model import Call, ModelOptions

__all__ = ["Pool", "open_pool"]

OPENAI_URL = "https://api.openai.com/v1"
FIRST_BACK_OFF = 0.2  # short: most faults are stray, and a waiting request keeps a place in flight
BACK_OFF_GROWTH = 3.0
LONGEST_BACK_OFF = 30.0
EMPTY_REPLIES = 2  # replies without text to one request before that is its reply
FIRST_CONTACT = 15.0  # seconds after which a server that never answered is taken for a wrong address
CHARACTERS_PER_TOKEN = 4  # only a guess, for a request without expected_tokens; the count of the server replaces it


class Pool:
    """Endpoints that serve the same model; a `Model`. A request goes to the one with the most room.

    Args:
        endpoints: At least one, all with the same model name.
        limits: Their limits, in the same order.
        retries: How often one request is sent again.
        patience: Seconds for which a request bears 429s beyond its retries; also, seconds without a working endpoint
            after which everybody is told to pause; before the first answer that is `FIRST_CONTACT`, since a server
            that nobody has reached is more likely a wrong address.

    `retried` counts tries that were repeated; `trouble` is the last failed try in words until one succeeds.
    """

    def __init__(
        self, endpoints: Sequence[Endpoint], limits: Sequence[Limits], *, retries: int = 6, patience: float = 120.0
    ) -> None:
        self.name = endpoints[0].name
        self.retried = 0
        self.trouble = ""
        self._reached = False
        self._endpoints = endpoints
        self._gate = Gate(limits)
        self._retries = retries
        self._patience = patience
        self._random = random.Random()

    async def answer(self, request: Request) -> Reply:
        """The reply to one request; see `Model` for the errors."""
        return (await self.call(request)).reply

    async def call(self, request: Request) -> Call:
        """Like `answer`, with what the reply took."""
        tokens = request.expected_tokens or sum(len(m.content) for m in request.messages) // CHARACTERS_PER_TOKEN
        tries = 0
        empty: list[Reply] = []
        began = time.monotonic()
        while True:
            tries += 1
            try:
                return _with_tokens_of(await self._try(request, tokens, tries), empty)
            except FailedTry as fault:
                if fault.empty is not None:
                    empty.append(fault.empty)
                    if len(empty) == EMPTY_REPLIES:
                        # the same seed will give the same again: let the loop ask anew
                        return _with_tokens_of(Call(empty.pop(), "", tries, time.time(), 0.0), empty)
                self.trouble = str(fault)
                self._reached = self._reached or fault.outcome is Outcome.PUSHED_BACK
                self._pause_if_dead(fault)
                # a 429 says that the server lives and is busy: limits per minute need longer than the retries last
                busy = fault.outcome is Outcome.PUSHED_BACK and time.monotonic() - began < self._patience
                if tries > self._retries and not busy:
                    raise TransportError(f"no answer in {tries} tries; last: {fault}") from None
                self.retried += 1
                await asyncio.sleep(max(fault.retry_after, self._back_off(tries)))

    async def aclose(self) -> None:
        """Close all connections."""
        for endpoint in self._endpoints:
            await endpoint.aclose()

    async def _try(self, request: Request, tokens: int, tries: int) -> Call:
        ticket = await self._gate.enter(tokens, priority=request.expected_tokens)
        endpoint = self._endpoints[ticket.endpoint]
        began = time.time()
        start = time.perf_counter()
        try:
            reply = await endpoint.send(request)
        except FailedTry as fault:
            self._gate.leave(ticket, fault.outcome, retry_after=fault.retry_after)
            raise
        except RequestRefusedError:
            self._gate.leave(ticket, Outcome.SERVED)
            raise
        except RunPausedError as paused:
            self._gate.refuse_all(paused)  # before the place is free: those who wait for it would hear the same
            self._gate.leave(ticket, Outcome.SERVED)
            raise
        except BaseException:  # cancelled: the place must not be lost
            self._gate.leave(ticket, Outcome.UNUSED)
            raise
        seconds = time.perf_counter() - start
        self.trouble = ""
        self._reached = True
        self._gate.leave(ticket, Outcome.SERVED, tokens=reply.prompt_tokens + reply.completion_tokens or None)
        return Call(reply, endpoint.label, tries, began, seconds)

    def _back_off(self, tries: int) -> float:
        """A fifth of a second, threefold with every try, at most half a minute; jitter of a half keeps crowds apart."""
        longest = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * BACK_OFF_GROWTH ** min(tries - 1, 10))
        return longest * self._random.uniform(0.5, 1.0)

    def _pause_if_dead(self, fault: FailedTry) -> None:
        dead_for = self._gate.dead_for()
        if dead_for > (self._patience if self._reached else min(FIRST_CONTACT, self._patience)):
            paused = RunPausedError(
                f"no endpoint of {self.name} has worked for {dead_for:.0f} s (last: {fault}): "
                "start the server and run the same command again"
            )
            self._gate.refuse_all(paused)
            raise paused from None


def _with_tokens_of(call: Call, lost: Sequence[Reply]) -> Call:
    """The call with the tokens of the empty replies before it: they were paid for this one."""
    if not lost:
        return call
    names = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
    sums = {name: getattr(call.reply, name) + sum(getattr(reply, name) for reply in lost) for name in names}
    return msgspec.structs.replace(call, reply=msgspec.structs.replace(call.reply, **sums))


def open_pool(specs: Sequence[str], options: ModelOptions) -> Pool:
    """The pool of these http(s) and openai specs.

    Raises:
        ConfigError: A spec that cannot be read, or specs that name different models.
    """
    opened = [_open_endpoint(spec, options, position) for position, spec in enumerate(specs)]
    names = sorted({endpoint.name for endpoint, _ in opened})
    if len(names) > 1:
        raise ConfigError(f"a pool serves one model, but these specs name {', '.join(names)}: {', '.join(specs)}")
    endpoints, limits = zip(*opened, strict=True)
    return Pool(endpoints, limits, retries=options.retries, patience=options.patience)


def _open_endpoint(spec: str, options: ModelOptions, position: int) -> tuple[Endpoint, Limits]:
    openai_url = os.environ.get("OPENAI_BASE_URL") or OPENAI_URL
    if spec.startswith("openai:"):
        base, name = openai_url, spec.removeprefix("openai:")
    else:
        base, _, name = spec.partition("#")
    url = _read_url(base, spec)
    if not name:
        raise ConfigError(f"model {spec!r} names no model: write {base}#NAME")
    own = {"concurrency": options.concurrency, "rpm": options.requests_per_minute, "tpm": options.tokens_per_minute}
    for field in own.keys() & url.query.keys():
        own[field] = _read_limit(spec, field, url.query[field])
    url = url.without_query_params(*own)
    variable, key = _find_key(url, openai_url)
    endpoint = Endpoint(
        str(url),
        name,
        key=key,
        key_source=variable,
        timeout=options.timeout,
        max_tokens_field="max_completion_tokens" if url.host == URL(OPENAI_URL).host else "max_tokens",
    )
    return endpoint, Limits(own["concurrency"] or options.concurrency, own["rpm"], own["tpm"], endpoint=position)


def _read_url(base: str, spec: str) -> URL:
    try:
        url = URL(base)
        (url.raw_host or "").encode("idna")  # as every connection will: a label may be neither empty nor too long
    except ValueError as error:
        raise ConfigError(f"model {spec!r}: not an address ({error})") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"model {spec!r}: not an address; write http(s)://host[:port]/v1#NAME")
    if url.user or url.password:
        raise ConfigError(f"model {url.with_user(None)}#…: keys come from the environment, never from the address")
    return url


def _read_limit(spec: str, field: str, value: str) -> int:
    if not value.isdecimal() or int(value) < 1:
        raise ConfigError(f"model {spec!r}: {field}={value} is no limit; give a whole number above zero")
    return int(value)


def _find_key(url: URL, openai_url: str) -> tuple[str, str | None]:
    """Name and value of the environment variable whose key goes to this host.

    OPENAI_API_KEY goes to OpenAI, or where OPENAI_BASE_URL says, and nowhere else.

    Raises:
        ConfigError: The key holds characters that no header can carry.
    """
    host = (url.host or "").upper()
    own = "SCIINSTRUCT_API_KEY_" + "".join(character if character.isalnum() else "_" for character in host)
    if key := _read_key(own):
        return own, key
    home = url.origin() in (URL(openai_url).origin(), URL(OPENAI_URL).origin())
    variable = "OPENAI_API_KEY" if home else "SCIINSTRUCT_API_KEY"
    return variable, _read_key(variable)


def _read_key(variable: str) -> str | None:
    key = os.environ.get(variable, "").strip()  # a key read from a file often ends in a newline
    if not key.isprintable():
        raise ConfigError(f"environment variable {variable}: a line break or control character in the key; set it anew")
    return key or None
