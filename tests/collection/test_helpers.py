"""Questions prepared in processes beside the main one come back the same, and in order."""

from __future__ import annotations

import os
import signal

import pytest

from sciinstruct.collection.helpers import _Helper, prepared_batches
from sciinstruct.collection.preparing import prepared
from sciinstruct.errors import SciInstructError
from sciinstruct.records import Question

QUESTIONS = [Question(id=str(n), question=f"水 的温度是 ${n}$ 度？", answer=str(n), meta={"row": n}) for n in range(60)]
BATCHES = [QUESTIONS[start : start + 4] for start in range(0, 60, 4)]


@pytest.mark.parametrize("helpers", [0, 1, 3])
def test_the_same_in_the_same_order(helpers: int) -> None:
    made = [question for batch in prepared_batches(BATCHES, helpers) for question in batch]
    assert made == [prepared(question) for question in QUESTIONS]


def test_few_batches_start_no_process() -> None:
    batches = prepared_batches(BATCHES[:3], helpers=100_000)
    assert sum(map(len, batches)) == 12


def test_a_helper_that_dies_is_told() -> None:
    helper = _Helper()
    os.kill(helper._process.pid, signal.SIGKILL)
    helper._process.wait()
    with pytest.raises(SciInstructError, match="--helpers 0"):
        helper.give(BATCHES[0])
        helper.take()
    helper.close()
