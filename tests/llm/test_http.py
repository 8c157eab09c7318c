"""What is sent to a real server, what is read from its answer, and what each failure becomes."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import formatdate
from typing import Any

import pytest
from aiohttp import web

from sciinstruct.errors import RequestRefusedError, RunPausedError
from sciinstruct.llm.http import Endpoint, FailedTry
from sciinstruct.llm.limits import Outcome
from sciinstruct.records import Reply, Request, Sampling


class Server:
    """Answers every call with one response and keeps what it was sent."""

    def __init__(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.status = status
        self.headers = headers or {}
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    async def __aenter__(self) -> str:
        async def handle(request: web.Request) -> web.Response:
            self.requests.append((request.path_qs, dict(request.headers), await request.json()))
            return web.Response(body=self.body, status=self.status, headers=self.headers)

        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handle)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}/v1"

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()


def completion(content: Any = "\\boxed{4}", finish_reason: str | None = "stop", **fields: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **fields.pop("message", {})}
    return {"choices": [{"index": 0, "message": message, "finish_reason": finish_reason}], **fields}


def send(server: Server, request: Request, **options: Any) -> Reply:
    async def run() -> Reply:
        async with server as url:
            endpoint = Endpoint(url, "big-model", **options)
            try:
                return await endpoint.send(request)
            finally:
                await endpoint.aclose()

    return asyncio.run(run())


def test_the_request_carries_messages_sampling_and_seed(ask):
    server = Server(completion())
    sampling = Sampling(
        temperature=0.5, top_p=0.9, max_tokens=100, stop=("END",), extra={"reasoning_effort": "low", "top_p": 0.8}
    )
    send(server, ask("Wie groß?", sampling=sampling, seed=7))
    path, headers, body = server.requests[0]
    assert path == "/v1/chat/completions"
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert body == {
        "model": "big-model",
        "messages": [{"role": "user", "content": "Wie groß?"}],
        "temperature": 0.5,
        "top_p": 0.8,
        "max_tokens": 100,
        "stop": ["END"],
        "seed": 7,
        "reasoning_effort": "low",
    }


def test_what_is_not_asked_for_is_not_sent(ask):
    server = Server(completion())
    send(server, ask("Hi", sampling=Sampling(max_tokens=5)), max_tokens_field="max_completion_tokens", key="k-1")
    _, headers, body = server.requests[0]
    assert body == {
        "model": "big-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_completion_tokens": 5,
    }
    assert headers["Authorization"] == "Bearer k-1"


def test_text_keeps_its_newlines_and_thinking_and_tokens_are_read(ask):
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 80},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    reply = send(Server(completion("a\n\n  b\n", message={"reasoning_content": "hm\nhm"}, usage=usage)), ask())
    assert reply == Reply(
        text="a\n\n  b\n",
        prompt_tokens=100,
        completion_tokens=50,
        cached_tokens=80,
        reasoning_tokens=30,
        thinking="hm\nhm",
    )


@pytest.mark.parametrize(
    ("usage", "prompt", "completed", "cached"),
    [
        (None, 0, 0, 0),
        ({}, 0, 0, 0),
        ({"prompt_tokens": None, "completion_tokens": "12", "prompt_tokens_details": None}, 0, 0, 0),
        ({"input_tokens": 10, "output_tokens": 5}, 10, 5, 0),
        ({"prompt_tokens": 10, "input_tokens": 11, "completion_tokens": 5.0}, 10, 5, 0),
        ({"prompt_tokens": 10, "prompt_cache_hit_tokens": 4}, 10, 0, 4),
        ({"prompt_tokens": 10, "prompt_tokens_details": {"cached_tokens": 99}}, 10, 0, 10),
        ({"prompt_tokens": 10**30, "completion_tokens": 1e300}, 0, 0, 0),
    ],
)
def test_odd_usage_is_read_as_far_as_it_goes(ask, usage, prompt, completed, cached):
    reply = send(Server(completion(usage=usage)), ask())
    assert (reply.prompt_tokens, reply.completion_tokens, reply.cached_tokens) == (prompt, completed, cached)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"choices": [{"message": {"content": "ok \\ud83d"}}]}', "ok ?"),
        (b'{"choices": [{"message": {"content": "ok \xff"}}]}', "ok \ufffd"),
        (b'{"choices": [{"message": {"content": "\\u0000\\n"}}]}', "\x00\n"),
    ],
)
def test_a_broken_character_does_not_cost_the_answer(ask, body, text):
    assert send(Server(body), ask()).text == text


def test_the_last_of_two_equal_usage_fields_counts(ask):
    body = b'{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 1, "prompt_tokens": 2}}'
    assert send(Server(body), ask()).prompt_tokens == 2


@pytest.mark.parametrize(
    ("content", "sent", "read"),
    [
        ("half", "length", "length"),
        ("half", "max_tokens", "length"),
        ("", "length", "length"),
        (None, "content_filter", "content_filter"),
        ("whole", None, "stop"),
        ("whole", "eos", "stop"),
        ([{"type": "text", "text": "wh"}, {"type": "text", "text": "ole"}], "stop", "stop"),
    ],
)
def test_finish_reasons(ask, content, sent, read):
    reply = send(Server(completion(content, sent)), ask())
    assert reply.finish_reason == read
    assert reply.text in ("", "half", "whole")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (408, Outcome.OVERLOADED),
        (409, Outcome.BROKEN),
        (425, Outcome.BROKEN),
        (429, Outcome.PUSHED_BACK),
        (500, Outcome.BROKEN),
        (502, Outcome.BROKEN),
        (503, Outcome.OVERLOADED),
        (529, Outcome.BROKEN),
    ],
)
def test_failures_that_may_pass(ask, status, outcome):
    with pytest.raises(FailedTry, match=f"answered {status}: slow down") as failed:
        send(Server({"error": {"message": "slow down", "code": "x"}}, status), ask())
    assert failed.value.outcome is outcome


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>a proxy</html>",
        b'{"choices": [{"mess',
        b'{"choices": []}',
        b'{"object": "list"}',
        b"[1, 2]",
        b"[" * 100_000,
        b'{"error": ' + b"[" * 100_000,
        b'{"choices": [{"message": {"content": "\\ud83d"',
        json.dumps(completion("  \n")).encode(),
        json.dumps(completion(None)).encode(),
        json.dumps({"error": {"message": "upstream", "code": 502}}).encode(),
    ],
)
def test_a_200_without_an_answer_may_pass(ask, body):
    with pytest.raises(FailedTry):
        send(Server(body), ask())


def test_a_good_body_counts_whatever_content_type_it_claims(ask):
    assert send(Server(completion(), headers={"Content-Type": "text/html"}), ask()).text == "\\boxed{4}"


@pytest.mark.parametrize("status", [400, 404, 413, 422])
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "max_tokens is too large"}},
        {"error": "max_tokens is too large"},
        {"object": "error", "message": "max_tokens is too large"},
        {"detail": "max_tokens is too large"},
        b"max_tokens is\n too large",
    ],
)
def test_a_refusal_keeps_the_words_of_the_server(ask, status, body):
    with pytest.raises(RequestRefusedError, match=f"answered {status}: max_tokens is too large") as refused:
        send(Server(body, status), ask())
    assert refused.value.reason == "refused"


@pytest.mark.parametrize(
    "error",
    [
        {"code": "content_filter", "message": "no"},
        {"code": None, "type": "content_policy_violation", "message": "no"},
        {"code": "x", "innererror": {"code": "ResponsibleAIPolicyViolation"}, "message": "no"},
    ],
)
def test_a_content_filter_is_a_reason(ask, error):
    with pytest.raises(RequestRefusedError) as refused:
        send(Server({"error": error}, 400), ask())
    assert refused.value.reason == "content-filter"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, ""), (402, ""), (403, ""), (429, "insufficient_quota"), (400, "billing_hard_limit_reached")],
)
def test_key_credit_and_permission_pause_the_run(ask, status, code):
    with pytest.raises(RunPausedError) as paused:
        send(Server({"error": {"message": "no\nway", "code": code}}, status), ask(), key_source="SOME_KEY")
    message = str(paused.value)
    assert f"answered {status} (no way)" in message
    assert "SOME_KEY" in message
    assert "\n" not in message


def test_a_key_is_never_quoted(ask):
    with pytest.raises(RunPausedError) as paused:
        send(Server({"error": {"message": "bad key sk-secret"}}, 401), ask(), key="sk-secret")
    assert "sk-secret" not in str(paused.value)


def test_a_redirect_is_not_followed(ask):
    server = Server(b"", 307, {"Location": "http://elsewhere.example/v1"})
    with pytest.raises(RunPausedError, match=r"redirects to http://elsewhere\.example"):
        send(server, ask(), key="sk-secret")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, 0.0),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"Retry-After": "soon"}, 0.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "nan"}, 0.0),
        ({"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "Mon, 01 Jan 0001 00:00:00 -0000"}, 0.0),
    ],
)
def test_retry_after(ask, headers, wait):
    with pytest.raises(FailedTry) as failed:
        send(Server(b"", 429, headers), ask())
    assert failed.value.retry_after == wait


def test_retry_after_as_a_date(ask):
    with pytest.raises(FailedTry) as failed:
        send(Server(b"", 503, {"Retry-After": formatdate(time.time() + 30, usegmt=True)}), ask())
    assert 0 < failed.value.retry_after <= 31


def test_a_server_that_asks_for_an_hour_pauses_the_run(ask):
    with pytest.raises(RunPausedError, match="3600 s"):
        send(Server(b"", 429, {"Retry-After": "3600"}), ask())


def test_no_server(ask):
    async def run() -> None:
        endpoint = Endpoint("http://127.0.0.1:9/v1", "m")
        try:
            await endpoint.send(ask())
        finally:
            await endpoint.aclose()

    with pytest.raises(FailedTry, match=r"127\.0\.0\.1:9") as failed:
        asyncio.run(run())
    assert failed.value.outcome is Outcome.BROKEN
