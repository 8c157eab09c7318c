"""A reply without text is asked for once more; then it is the reply, and all its tokens are counted."""

from __future__ import annotations

import asyncio

from sciinstruct.llm import open_model
from sciinstruct.llm.fault_server import Fault, FaultServer
from sciinstruct.records import Message, Reply, Request


def ask(fault: Fault) -> tuple[Reply, int]:
    """The reply under this fault and how often the server was asked."""

    async def run() -> tuple[Reply, int]:
        async with FaultServer(faults=[fault]) as server:
            model = open_model([f"{server.url}#test"])
            reply = await model.answer(Request(model="test", messages=(Message(role="user", content="1 + 1?"),)))
            await model.aclose()
            return reply, int(server.stats()["tried"])

    return asyncio.run(run())


def test_empty_once_then_text() -> None:
    plain, _ = ask(Fault("empty", match="never"))
    reply, tried = ask(Fault("empty"))
    assert reply.text == plain.text and tried == 2
    assert reply.prompt_tokens > plain.prompt_tokens, "the empty reply was paid for too"


def test_empty_for_ever_is_an_empty_reply_and_not_an_endless_bill() -> None:
    reply, tried = ask(Fault("empty", attempts=()))
    assert reply.text == "" and reply.finish_reason == "stop" and tried == 2
