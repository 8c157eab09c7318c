"""A run in a thread of its own, so that its outcomes can be iterated over from anywhere, notebooks included."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType

from ..io import RunFolder
from ..records import Question, Rejection
from .config import AnnotateConfig
from .loop import Outcome
from .session import Session, Snapshot, Summary

__all__ = ["Annotation"]

# Outcomes that the consumer has not taken yet; above this no new question is started.
_BACKLOG = 1_000


class Annotation:
    """A run of `annotate`. Iterate over it for each outcome as it comes; `summary` is there at the end.

        with annotate("questions.jsonl", model="http://127.0.0.1:8000/v1#NAME", out="run/") as run:
            for outcome in run:
                ...
        run.summary.attrition

    Outcomes of an earlier run in the same folder are not streamed again; they count in the summary and stand in the
    files. Leaving the loop early, or the `with` block, stops the run cleanly; the same call goes on where it stopped.
    """

    def __init__(
        self,
        rows: Iterable[Question | Rejection],
        config: AnnotateConfig,
        files: Sequence[Path] = (),
        after: Callable[[RunFolder], None] | None = None,
    ) -> None:
        """Starts the run. Raises ConfigError, RunFolderError or InputError for what shows before the first question.

        `rows` are the input as `io` reads it and `files` where it came from; `after` gets the folder once its tables
        are written.
        """
        self.config = config
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._session = Session(rows, config, files, self._outcomes.put, self._backlogged, after)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opened = threading.Event()
        self._failure: BaseException | None = None
        self._summary: Summary | None = None
        self._thread = threading.Thread(target=self._run, name="sciinstruct-annotate", daemon=True)
        self._thread.start()
        self._opened.wait()
        if self._loop is None:
            self._finish()

    def __enter__(self) -> Annotation:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self.stop()
            self._thread.join()

    def __iter__(self) -> Iterator[Outcome]:
        try:
            while (outcome := self._next()) is not None:
                yield outcome
        except GeneratorExit:
            self.stop()
            self._thread.join()
            raise
        self._finish()

    @property
    def summary(self) -> Summary:
        """How the run ended; takes in what is still to come first."""
        if self._summary is None:
            for _ in self:
                pass
        assert self._summary is not None
        return self._summary

    def stop(self) -> None:
        """Stops the run: the first call lets questions in flight finish, the second gives them up."""
        self._session.stop_reading = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                self._loop.call_soon_threadsafe(self._session.stop)

    def look(self) -> Snapshot:
        """Where the run stands right now."""
        return self._session.look()

    def _next(self) -> Outcome | None:
        while True:
            # A wait without limit cannot be interrupted by Ctrl-C on every platform.
            try:
                return self._outcomes.get(timeout=0.5)
            except Empty:
                continue

    def _finish(self) -> None:
        self._thread.join()
        self._outcomes.put(None)  # whoever iterates once more finds the end again
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._summary = asyncio.run(self._in_loop())
        except BaseException as error:  # nothing is swallowed: the consumer raises it
            self._failure = error
        finally:
            self._outcomes.put(None)
            self._opened.set()

    async def _in_loop(self) -> Summary:
        loop = asyncio.get_running_loop()

        def opened() -> None:
            self._loop = loop
            self._opened.set()

        return await self._session.run(opened)

    def _backlogged(self) -> bool:
        return self._outcomes.qsize() > _BACKLOG
