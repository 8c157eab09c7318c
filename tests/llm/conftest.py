"""Requests and quick retries for the tests of this room."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sciinstruct.llm import pool
from sciinstruct.records import Message, Request

AskFor = Callable[..., Request]


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Back off for milliseconds; and no key or proxy of the machine gets into a test."""
    monkeypatch.setattr(pool, "FIRST_BACK_OFF", 0.005)
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SCIINSTRUCT_API_KEY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def ask() -> AskFor:
    """Makes a request from the text of a question."""

    def request(text: str = "What is 2 + 2?", **fields: object) -> Request:
        values: dict[str, object] = {"model": "test", "question_id": text, "stage": "solve", **fields}
        return Request(messages=(Message(role="user", content=text),), **values)  # type: ignore[arg-type]

    return request
