"""One endpoint with OpenAI's chat completions: sends a request once and says how that went."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from ..errors import ModelError, RequestRefusedError, RunPausedError
from ..records import Reply, Request
from .limits import Outcome

__all__ = ["Endpoint", "FailedTry"]

LONGEST_WAIT = 600.0  # a server that asks to wait longer pauses the run
LONGEST_QUOTE = 500
LARGEST_COUNT = 2**53  # of tokens; what is above is no count

_UNPAID = (401, 402, 403)
_PASSING = (408, 409, 425, 429)
_FILTER_CODES = ("content_filter", "content_policy", "responsibleaipolicyviolation", "data_inspection_failed")
_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached", "billing_not_active")
_LENGTH_REASONS = ("length", "max_tokens", "model_length")


class FailedTry(Exception):
    """One try that failed in a way that may pass.

    Args:
        message: What happened, in words.
        outcome: What it says about the endpoint.
        retry_after: Seconds that the server asked to wait, 0 if it did not.
        empty: The reply, where it was one without text: its tokens are paid all the same.
    """

    def __init__(self, message: str, outcome: Outcome, retry_after: float = 0.0, empty: Reply | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.retry_after = retry_after
        self.empty = empty


class _Message(msgspec.Struct):
    content: str | list[Any] | None = None
    reasoning_content: str | None = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: dict[str, Any] | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Completion)
_encoder = msgspec.json.Encoder()


class Endpoint:
    """One server and the model it serves.

    Args:
        base_url: Up to and including `/v1`, without `/chat/completions`.
        name: The model's name as the server knows it.
        key: API key or None; it is sent as a bearer token to this server only.
        key_source: The environment variable to name in a message about the key.
        timeout: Seconds until a call without a complete answer counts as failed.
        max_tokens_field: OpenAI's own models want `max_completion_tokens`, everybody else `max_tokens`.
    """

    def __init__(
        self,
        base_url: str,
        name: str,
        *,
        key: str | None = None,
        key_source: str = "SCIINSTRUCT_API_KEY",
        timeout: float = 600.0,
        max_tokens_field: str = "max_tokens",
    ) -> None:
        self.label = base_url
        self.name = name
        base = URL(base_url)
        self._url = base.with_path(base.path.rstrip("/") + "/chat/completions", keep_query=True)
        self._key = key
        self._key_source = key_source
        self._max_tokens_field = max_tokens_field
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, 20.0))
        self._session: aiohttp.ClientSession | None = None
        self._proxy = _proxy_for(self._url)

    async def send(self, request: Request) -> Reply:
        """One try.

        Raises:
            FailedTry: It may work later.
            RequestRefusedError: The server will not answer this request.
            RunPausedError: The server will not answer anybody (key, credit, permission).
        """
        try:
            async with self._open_session().post(
                self._url, data=self._body(request), proxy=self._proxy, allow_redirects=False
            ) as response:
                body = await response.read()
        except aiohttp.ConnectionTimeoutError:
            raise FailedTry(
                f"{self.label}: no connection in {self._timeout.sock_connect:g} s", Outcome.BROKEN
            ) from None
        except TimeoutError:
            raise FailedTry(f"{self.label}: no answer in {self._timeout.total:g} s", Outcome.OVERLOADED) from None
        except (aiohttp.ClientError, OSError) as error:
            raise FailedTry(f"{self.label}: {self._quote(_words_of(error))}", Outcome.BROKEN) from None
        if response.status == 200:
            return self._read_reply(body)
        raise self._failure(response.status, body, response.headers)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:  # not in __init__: a session belongs to the running event loop
            headers = {"Content-Type": "application/json"}
            if self._key:
                headers["Authorization"] = f"Bearer {self._key}"
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                headers=headers,
            )
        return self._session

    def _body(self, request: Request) -> bytes:
        sampling = request.sampling
        body: dict[str, Any] = {"model": self.name, "messages": request.messages}
        if sampling.temperature is not None:
            body["temperature"] = sampling.temperature
        if sampling.top_p is not None:
            body["top_p"] = sampling.top_p
        if sampling.max_tokens is not None:
            body[self._max_tokens_field] = sampling.max_tokens
        if sampling.stop:
            body["stop"] = sampling.stop
        if request.seed:
            body["seed"] = request.seed
        body.update(sampling.extra)
        return _encoder.encode(body)

    def _read_reply(self, body: bytes) -> Reply:
        try:
            completion = _decode(body)
        except (ValueError, RecursionError) as error:
            raise FailedTry(f"{self.label}: unreadable answer ({error}): {_head(body)}", Outcome.BROKEN) from None
        if not completion.choices:
            if completion.error is not None:  # some gateways put the status into the body
                status = completion.error.get("code") if isinstance(completion.error, dict) else None
                raise self._failure(status if isinstance(status, int) and status >= 400 else 500, body, {})
            raise FailedTry(f"{self.label}: an answer without choices: {_head(body)}", Outcome.BROKEN)
        reply = _reply(completion.choices[0], completion.usage or {})
        if not reply.text.strip() and reply.finish_reason == "stop":
            raise FailedTry(f"{self.label}: an answer without text: {_head(body)}", Outcome.SERVED, empty=reply)
        return reply

    def _failure(self, status: int, body: bytes, headers: Mapping[str, str]) -> FailedTry | ModelError:
        """The exception for an answer that is not 200, with the server's own words."""
        code, words = _error_in(body)
        words = self._quote(words)
        if any(known in code for known in _FILTER_CODES):
            return RequestRefusedError(f"{self.label} filtered the request: {words}", reason="content-filter")
        if status in _UNPAID or any(known in code for known in _QUOTA_CODES):
            return RunPausedError(
                f"{self.label} answered {status} ({words}): see to the account and the key in the environment "
                f"variable {self._key_source}, then run the same command again"
            )
        if status in _PASSING or status >= 500:
            wait = _retry_after(headers)
            if wait > LONGEST_WAIT:
                return RunPausedError(f"{self.label} answered {status} and asks to come back in {wait:.0f} s: {words}")
            return FailedTry(f"{self.label} answered {status}: {words}", _outcome(status), wait)
        if 300 <= status < 400:
            target = headers.get("Location", "elsewhere")
            return RunPausedError(f"{self.label} redirects to {target}: use the final address in the model spec")
        return RequestRefusedError(f"{self.label} answered {status}: {words}")

    def _quote(self, words: str) -> str:
        """The server's words, short, on one line, and without the key."""
        if self._key:
            words = words.replace(self._key, "[key]")
        words = " ".join(words.split())
        return words if len(words) <= LONGEST_QUOTE else words[:LONGEST_QUOTE] + "…"


def _decode(body: bytes) -> _Completion:
    """The body's fields; a paid answer is not thrown away for one broken character.

    Raises:
        ValueError, RecursionError: It is not the JSON of a completion.
    """
    try:
        return _decoder.decode(body)
    except ValueError:
        # half a surrogate pair (a cut emoji), or bytes that are not UTF-8: the standard library bears with both
        lenient = json.dumps(json.loads(body.decode("utf-8", "replace")), ensure_ascii=False)
        return _decoder.decode(lenient.encode("utf-8", "replace"))


def _reply(choice: _Choice, usage: dict[str, Any]) -> Reply:
    message = choice.message
    text = message.content
    if isinstance(text, list):  # content parts
        text = "".join(part.get("text") or "" for part in text if isinstance(part, dict))
    thinking = message.reasoning_content or message.reasoning
    reason = choice.finish_reason
    prompt = _count(usage, "prompt_tokens", "input_tokens")
    completion = _count(usage, "completion_tokens", "output_tokens")
    cached = _count(usage.get("prompt_tokens_details"), "cached_tokens") or _count(usage, "prompt_cache_hit_tokens")
    reasoning = _count(usage.get("completion_tokens_details"), "reasoning_tokens")
    return Reply(
        text=text or "",
        finish_reason="length" if reason in _LENGTH_REASONS else reason if reason == "content_filter" else "stop",
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=min(cached, prompt),
        reasoning_tokens=min(reasoning, completion),
        thinking=thinking if isinstance(thinking, str) else "",
    )


def _count(usage: Any, *names: str) -> int:
    """The first of these fields that holds a count; servers leave them out, send null, or send both spellings."""
    if isinstance(usage, dict):
        for name in names:
            value = usage.get(name)
            if isinstance(value, int | float) and 0 < value < LARGEST_COUNT:
                return int(value)
    return 0


def _outcome(status: int) -> Outcome:
    if status == 429:
        return Outcome.PUSHED_BACK
    return Outcome.OVERLOADED if status in (408, 503, 504) else Outcome.BROKEN


def _error_in(body: bytes) -> tuple[str, str]:
    """Code (lower case) and words of an error body, in any of the shapes that servers use."""
    try:
        content = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return "", _head(body)
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return "", str(error)
    words = error.get("message") or error.get("detail") or _head(body)
    inner = error.get("innererror")
    codes = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, dict) else None]
    return " ".join(str(code) for code in codes if code).lower(), str(words)


def _head(body: bytes) -> str:
    return body[:LONGEST_QUOTE].decode("utf-8", "replace") or "(empty body)"


def _words_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks to wait (RFC 9110, 10.2.3: seconds or a date), 0 where it says nothing readable."""
    if (milliseconds := headers.get("retry-after-ms")) is not None:
        value, unit = milliseconds, 1000.0
    else:
        value, unit = headers.get("Retry-After", "0"), 1.0
    try:
        wait = float(value) / unit
    except ValueError:
        try:
            wait = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):  # the second: a year that no date can hold
            return 0.0
    return wait if 0 < wait < float("inf") else 0.0


def _proxy_for(url: URL) -> URL | None:
    """The proxy that the environment names; asked once, because aiohttp's own trust_env asks at every request."""
    if not url.host or urllib.request.proxy_bypass(url.host):
        return None
    proxy = urllib.request.getproxies().get(url.scheme)
    return URL(proxy) if proxy else None
