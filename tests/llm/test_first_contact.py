"""A server that nobody has ever reached is taken for a wrong address soon; one that has answered is waited for."""

from __future__ import annotations

import asyncio
import socket

import pytest

from sciinstruct.errors import RunPausedError
from sciinstruct.llm import ModelOptions, open_model, pool
from sciinstruct.llm.fault_server import FaultServer
from sciinstruct.records import Message, Request


def request(text: str) -> Request:
    return Request(model="test", messages=(Message(role="user", content=text),))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_wrong_address_pauses_soon_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "FIRST_CONTACT", 0.5)

    async def run() -> str:
        model = open_model(["http://127.0.0.1:9/v1#test"], ModelOptions(patience=60, retries=100))
        try:
            asked = (model.answer(request(str(number))) for number in range(8))
            ends = await asyncio.gather(*asked, return_exceptions=True)
            assert "127.0.0.1:9" in getattr(model, "trouble", "")
            return next(str(end) for end in ends if isinstance(end, RunPausedError))
        finally:
            await model.aclose()

    words = asyncio.run(asyncio.wait_for(run(), 30))
    assert "no endpoint of test has worked" in words and "127.0.0.1:9" in words and "start the server" in words


def test_a_server_that_has_answered_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "FIRST_CONTACT", 0.2)

    async def run() -> str:
        async with FaultServer(port=_free_port()) as server:
            model = open_model([f"{server.url}#test"], ModelOptions(patience=60, retries=100))
            await model.answer(request("first"))
            await server.stop()
            waiting = asyncio.create_task(model.answer(request("second")))
            await asyncio.sleep(1.5)
            assert not waiting.done() and getattr(model, "trouble", "")
            await server.start()
            reply = await waiting
            assert not getattr(model, "trouble", "x")
            await model.aclose()
            return reply.text

    assert asyncio.run(asyncio.wait_for(run(), 60))
