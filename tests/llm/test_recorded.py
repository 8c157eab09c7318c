from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from sciinstruct.errors import InputError, RequestRefusedError
from sciinstruct.llm import open_model
from sciinstruct.records import Reply

ROWS = [
    {"question_id": "q1", "stage": "solve", "text": "solve 0", "prompt_tokens": 5, "completion_tokens": 7},
    {"question_id": "q1", "stage": "solve", "sample": 1, "text": "solve 1", "finish_reason": "length"},
    {"question_id": "q1", "text": "any 0\nsecond line", "plain": True},
    {"question_id": "q1", "sample": 2, "text": "any 2"},
    {"question_id": "质量", "stage": "solve", "text": "千克", "comment": "other fields are ignored"},
]


def save(path: Path, rows: list[Any]) -> Path:
    content = "\n\n".join(row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return path


def replies(spec: str, *requests: Any) -> list[Reply]:
    async def run() -> list[Reply]:
        model = open_model([spec])
        try:
            return [await model.answer(request) for request in requests]
        finally:
            await model.aclose()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ["replies.jsonl", "replies.jsonl.gz"])
def test_replies_by_question_stage_and_sample(tmp_path, ask, name):
    path = save(tmp_path / name, ROWS)
    wanted = [
        ("q1", "solve", 0, "solve 0"),
        ("q1", "solve", 1, "solve 1"),
        ("q1", "solve", 9, "solve 0"),
        ("q1", "reflect", 0, "any 0\nsecond line"),
        ("q1", "reflect", 2, "any 2"),
        ("q1", "revise", 5, "any 0\nsecond line"),
        ("质量", "solve", 0, "千克"),
    ]
    requests = [ask(question_id=question, stage=stage, sample=sample) for question, stage, sample, _ in wanted]
    read = replies(f"recorded:{path}", *requests)
    assert [reply.text for reply in read] == [text for *_, text in wanted]
    assert (read[0].prompt_tokens, read[0].completion_tokens, read[0].plain) == (5, 7, False)
    assert read[1].finish_reason == "length"
    assert read[3].plain


def test_a_missing_reply_refuses_that_request_only(tmp_path, ask):
    path = save(tmp_path / "replies.jsonl", ROWS)
    with pytest.raises(RequestRefusedError, match=r"no reply to question 'q2', stage 'solve', sample 0"):
        replies(f"recorded:{path}", ask(question_id="q2"))


def test_the_name_is_the_file_or_given(tmp_path):
    path = save(tmp_path / "Qwen3-32B.jsonl.gz", ROWS)
    assert open_model([f"recorded:{path}"]).name == "Qwen3-32B"
    assert open_model([f"recorded:{path}#other"]).name == "other"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ROWS[0], "{broken"], "line 3.*needs question_id and text"),
        ([{"text": "x"}], "line 1.*question_id"),
        ([{"question_id": 3, "text": "x"}], "line 1.*question_id"),
        (["[1]"], "line 1"),
        (['{"question_id": "q", "text": "\\ud800"}'], "line 1"),
        (['{"question_id": "q", "text": "x", "sample": 1000000000000000000000}'], "line 1"),
        ([ROWS[0], ROWS[1], ROWS[0]], "line 5: a second reply to question_id 'q1', stage 'solve', sample 0"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(tmp_path, rows, words):
    path = save(tmp_path / "replies.jsonl", rows)
    with pytest.raises(InputError, match=f"replies.jsonl, {words}"):
        open_model([f"recorded:{path}"])


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"missing\.jsonl"):
        open_model([f"recorded:{tmp_path / 'missing.jsonl'}"])
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b'{"question_id": "q"}' * 100)[:40])
    with pytest.raises(InputError, match=r"cut\.jsonl\.gz"):
        open_model([f"recorded:{tmp_path / 'cut.jsonl.gz'}"])


def test_bytes_that_are_no_text(tmp_path):
    (tmp_path / "bytes.jsonl").write_bytes(b'\n{"question_id": "q", "text": "\xff"}\n')
    with pytest.raises(InputError, match=r"bytes\.jsonl, line 2"):
        open_model([f"recorded:{tmp_path / 'bytes.jsonl'}"])
