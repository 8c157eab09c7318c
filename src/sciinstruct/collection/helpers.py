"""Preparing questions in processes beside the main one: it is half of the work, and needs nothing but the question.

A helper is `python -m sciinstruct.collection.helpers`: a line of questions in, a line of prepared questions out. It has
at most one batch at a time, so neither side ever waits for the other to read.
"""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from ..errors import SciInstructError
from ..records import Question
from .preparing import prepared

__all__ = ["main", "prepared_batches"]

_ALONE = 5  # so many batches are prepared here, before helpers are worth their start


def prepared_batches(batches: Iterable[list[Question]], helpers: int) -> Iterator[list[Question]]:
    """Each batch prepared, in order; with `helpers` processes from the sixth batch on."""
    waiting: deque[_Helper] = deque()
    started = 0
    try:
        for number, batch in enumerate(batches):
            if number < _ALONE or not helpers:
                yield [prepared(question) for question in batch]
                continue
            if started < helpers:
                helper, started = _Helper(), started + 1
            else:
                helper = waiting.popleft()
                done = helper.take()
                helper.give(batch)
                waiting.append(helper)
                yield done
                continue
            helper.give(batch)
            waiting.append(helper)
        while waiting:
            helper = waiting.popleft()
            done = helper.take()
            helper.close()
            yield done
    finally:
        for helper in waiting:
            helper.close()


class _Helper:
    """One process that prepares questions."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._decode = msgspec.json.Decoder(list[Question]).decode

    def give(self, batch: list[Question]) -> None:
        """Has a batch prepared; the one before has to be taken first."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(msgspec.json.encode(batch) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error

    def take(self) -> list[Question]:
        """The batch that was given; raises SciInstructError where the process has died."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return self._decode(line)

    def _ended(self) -> SciInstructError:
        status = self._process.wait()
        return SciInstructError(f"collect: a helper ended with status {status}; run the command again with --helpers 0")

    def close(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None and self._process.stdout is not None
        with suppress(BrokenPipeError):  # it is gone already
            self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def main() -> None:
    """A helper: prepares what comes in until there is no more."""
    decode = msgspec.json.Decoder(list[Question]).decode
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(msgspec.json.encode([prepared(question) for question in decode(line)]) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
