"""A real HTTP server with OpenAI's chat completions that answers, and fails, as it is told: for tests and benchmarks.

In a test:

    async with FaultServer(faults=[Fault("status", status=429, rate=0.05)], latency=LogNormal(1.0, 0.6)) as server:
        model = open_model([server.url + "#test"])

As a process of its own, so that only the client's time is measured:

    python -m sciinstruct.llm.fault_server --port 8000 --latency 0.05 --fault status=500,match=7$,attempts=1

`GET /stats` tells what it has served, per prompt with `?prompts=1`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
from aiohttp import web

__all__ = ["Fault", "FaultServer", "LogNormal", "PerCharacter", "boxed_answer"]

Kind = Literal[
    "status", "hang", "drop", "cut", "slow", "garbage", "html", "empty", "length", "filter", "no-usage", "double-usage"
]
Answer = Callable[[dict[str, Any]], str]


class LogNormal(msgspec.Struct, frozen=True):
    """Latencies with this mean (seconds) and this sigma of their logarithm; the same for the same prompt and seed."""

    mean: float
    sigma: float
    seed: int = 0

    def __call__(self, prompt: str) -> float:
        deviate = random.Random(f"{self.seed} {prompt}").gauss(0.0, self.sigma)
        return self.mean * math.exp(deviate - self.sigma**2 / 2)


class PerCharacter(msgspec.Struct, frozen=True):
    """Latencies that grow with the prompt: `base` seconds and `each` for every character of its last message."""

    base: float
    each: float

    def __call__(self, prompt: str) -> float:
        return self.base + self.each * len(prompt)


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong, and for which tries.

    Args:
        kind: `status` (with the body of an OpenAI error); `hang` (never answers); `drop` (closes the connection
            without a word); `cut` (half of the body); `slow` (the body in ten pieces over `seconds`); `garbage` (no
            JSON); `html` (a page instead of JSON); `empty` (no text); `length` (half of the text, cut off); `filter`
            (finish reason content_filter); `no-usage`; `double-usage` (the fields twice, the older names beside them).
        status: For `status`.
        code: The error's code in the body, such as `insufficient_quota`.
        retry_after: Value of a Retry-After header; empty for none.
        match: Only prompts (the last message) in which this regular expression is found.
        attempts: Only these tries of a prompt, counted from 1; empty for every try.
        rate: Only this share of the prompts that match, chosen by a hash of prompt and `seed`.
        seconds: For `slow`.
    """

    kind: Kind
    status: int = 500
    code: str = ""
    retry_after: str = ""
    match: str = ""
    attempts: tuple[int, ...] = (1,)
    rate: float = 1.0
    seed: int = 0
    seconds: float = 1.0

    def hits(self, prompt: str, attempt: int) -> bool:
        """Whether this try of this prompt fails."""
        if self.attempts and attempt not in self.attempts:
            return False
        if self.match and not re.search(self.match, prompt):
            return False
        return self.rate >= 1.0 or random.Random(f"{self.seed} {self.kind} {prompt}").random() < self.rate


def boxed_answer(body: dict[str, Any]) -> str:
    """The default answer: a number in a box that is a function of the prompt alone."""
    digest = hashlib.blake2b(_prompt(body).encode(), digest_size=2).digest()
    return f"We look at the question step by step.\nThe final answer is \\boxed{{{int.from_bytes(digest, 'big')}}}."


class FaultServer:
    """The server; an async context manager. `stop` and `start` let it die and return at the same address.

    Args:
        answer: A fixed text, or a function of the request's body.
        latency: Seconds before each answer, or a function of the prompt.
        faults: The first one that hits a try is what happens to it.
        max_concurrent: More calls than this at once are answered 429.
        port: 0 for any free one.
    """

    def __init__(
        self,
        answer: str | Answer = boxed_answer,
        *,
        latency: float | Callable[[str], float] = 0.0,
        faults: Sequence[Fault] = (),
        max_concurrent: int | None = None,
        port: int = 0,
    ) -> None:
        self.faults = faults
        self.tries: Counter[str] = Counter()
        self.served: Counter[str] = Counter()
        self.statuses: Counter[str] = Counter()
        self.in_flight = 0
        self.peak = 0
        self._answer = answer
        self._latency = latency
        self._max_concurrent = max_concurrent
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Base URL of the API, to `/v1`."""
        return f"http://127.0.0.1:{self._port}/v1"

    async def __aenter__(self) -> FaultServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on 127.0.0.1; a second time at the same port."""
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/stats", self._report)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)  # 0 would wait for ever
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port, backlog=1024, reuse_address=True)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Die: close the socket and break off what is in flight."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def stats(self) -> dict[str, Any]:
        """Calls tried and served, statuses, most in flight, and how many prompts were served more than once."""
        return {
            "tried": self.tries.total(),
            "served": self.served.total(),
            "prompts": len(self.tries),
            "served_again": sum(count - 1 for count in self.served.values()),
            "statuses": dict(self.statuses),
            "peak_in_flight": self.peak,
        }

    async def _report(self, request: web.Request) -> web.Response:
        stats = self.stats()
        if request.query.get("prompts"):
            stats["served_by_prompt"] = dict(self.served)
        return _json(stats)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = msgspec.json.decode(await request.read())
        prompt = _prompt(body)
        identity = hashlib.blake2b(msgspec.json.encode(body), digest_size=8).hexdigest()
        self.tries[identity] += 1
        attempt = self.tries[identity]
        if self._max_concurrent is not None and self.in_flight >= self._max_concurrent:
            return self._fail(Fault("status", status=429, code="rate_limit_exceeded"))
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            latency = self._latency(prompt) if callable(self._latency) else self._latency
            if latency:
                await asyncio.sleep(latency)
            fault = next((fault for fault in self.faults if fault.hits(prompt, attempt)), None)
            text = self._answer if isinstance(self._answer, str) else self._answer(body)
            response = await self._respond(request, fault, body, text)
        finally:
            self.in_flight -= 1
        if response.status == 200 and (fault is None or fault.kind not in _UNSERVED):
            self.served[identity] += 1
        return response

    async def _respond(
        self, request: web.Request, fault: Fault | None, body: dict[str, Any], text: str
    ) -> web.StreamResponse:
        if fault is None:
            self.statuses["200"] += 1
            return _json(_completion(body, text))
        kind = fault.kind
        if kind == "status":
            return self._fail(fault)
        self.statuses[fault.kind] += 1
        if kind == "hang":
            await asyncio.sleep(3600)
        if kind in ("drop", "cut", "slow"):
            return await _send_badly(request, fault, msgspec.json.encode(_completion(body, text)))
        if kind == "garbage":
            return web.Response(body=b'{"choices": [{"message": {"content": "The ans', content_type="application/json")
        if kind == "html":
            return web.Response(text="<html><body>Welcome to the proxy</body></html>", content_type="text/html")
        return _json(_odd_completion(fault.kind, body, text))

    def _fail(self, fault: Fault) -> web.Response:
        self.statuses[str(fault.status)] += 1
        words = f"this is a test of status {fault.status}"
        error = {"error": {"message": words, "type": "test", "code": fault.code or None}}
        response = _json(error, status=fault.status)
        if fault.retry_after:
            response.headers["Retry-After"] = fault.retry_after
        return response


_UNSERVED: tuple[Kind, ...] = ("status", "hang", "drop", "cut", "garbage", "html", "empty")


def _prompt(body: dict[str, Any]) -> str:
    """The text of the last message."""
    return str(body["messages"][-1]["content"])


def _completion(body: dict[str, Any], text: str, finish_reason: str = "stop") -> dict[str, Any]:
    """The body of an answer; a token is a word here."""
    prompt_tokens = sum(len(str(message["content"]).split()) for message in body["messages"])
    completion_tokens = len(text.split())
    return {
        "id": "chatcmpl-test",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish_reason}],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
        },
    }


def _odd_completion(kind: Kind, body: dict[str, Any], text: str) -> dict[str, Any]:
    """A well-formed answer that is odd in what it says."""
    if kind == "empty":
        return _completion(body, "")
    if kind == "length":
        return _completion(body, text[: len(text) // 2], "length")
    if kind == "filter":
        return _completion(body, "", "content_filter")
    completion = _completion(body, text)
    usage = completion.pop("usage")
    if kind == "double-usage":
        usage["input_tokens"] = usage["prompt_tokens"]
        usage["output_tokens"] = usage["completion_tokens"]
        completion["usage"] = usage
    return completion


async def _send_badly(request: web.Request, fault: Fault, content: bytes) -> web.StreamResponse:
    """Break off before the body (`drop`), in its middle (`cut`), or send it bit by bit (`slow`)."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(content))})
    if fault.kind != "drop":
        await response.prepare(request)
    if fault.kind == "slow":
        step = len(content) // 10 + 1
        for start in range(0, len(content), step):
            await response.write(content[start : start + step])
            await asyncio.sleep(fault.seconds / 10)
        return response
    if fault.kind == "cut":
        await response.write(content[: len(content) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _json(content: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(content), status=status, content_type="application/json")


def parse_fault(text: str) -> Fault:
    """A fault in the command line's form: `KIND[,field=value…]`, attempts joined by `+`, `attempts=all` for every try.

    Raises:
        ValueError: Names what cannot be read.
    """
    kind, *fields = text.split(",")
    values: dict[str, Any] = {"kind": kind}
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise ValueError(f"fault {text!r}: {field!r} is not field=value")
        name = name.replace("-", "_")
        values[name] = ([] if value == "all" else value.split("+")) if name == "attempts" else value
    try:
        return msgspec.convert(values, Fault, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"fault {text!r}: {error}") from None


async def _serve(arguments: argparse.Namespace) -> None:
    latency: float | LogNormal | PerCharacter = arguments.latency
    if arguments.sigma:
        latency = LogNormal(arguments.latency, arguments.sigma, arguments.seed)
    if arguments.per_character:
        latency = PerCharacter(arguments.latency, arguments.per_character)
    server = FaultServer(
        arguments.answer or boxed_answer,
        latency=latency,
        faults=arguments.fault,
        max_concurrent=arguments.max_concurrent,
        port=arguments.port,
    )
    async with server:
        print(server.url, flush=True)
        try:
            await asyncio.Event().wait()
        finally:
            print(json.dumps(server.stats()), flush=True)


def main() -> None:
    """Serve until the process is ended; prints the base URL first and, ended by Ctrl-C (SIGINT), the statistics."""
    parser = argparse.ArgumentParser(prog="python -m sciinstruct.llm.fault_server", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer, the mean with --sigma")
    parser.add_argument("--sigma", type=float, default=0.0, help="log-normal latency with this sigma")
    parser.add_argument("--per-character", type=float, default=0.0, help="more seconds for each character of a prompt")
    parser.add_argument("--seed", type=int, default=0, help="seed of the latency")
    parser.add_argument("--answer", default="", help="answer this text to everything")
    parser.add_argument("--max-concurrent", type=int, default=None, help="answer 429 above this many calls at once")
    parser.add_argument(
        "--fault", type=parse_fault, action="append", default=[], help="KIND[,field=value…], repeatable"
    )
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
