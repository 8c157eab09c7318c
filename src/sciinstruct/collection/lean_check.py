"""Proofs checked by a real Lean: each theorem is written to a file of its own and given to the command.

Lean files can run programs while they are checked, so a row that could is not given to Lean at all, and the command
runs in a session of its own with limits of time, memory and file size, a temporary folder and almost no environment.
For data of unknown origin put a stronger sandbox into the command itself ("bwrap … lake env lean").
"""

from __future__ import annotations

import os
import re
import resource
import shlex
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..records import Question
from .config import CollectConfig

__all__ = ["Checked", "LeanChecker", "judged", "program_of"]

_VERSION = re.compile(r"^Lean \(version (\d+)\.", re.MULTILINE)
_STAND_IN = "stand-in"
# What makes Lean run programs, or lets a proof through without proving it.
_REFUSED = re.compile(
    r"#eval|\brun_cmd\b|\brun_meta\b|\brun_tac\b|\binitialize\b|\bunsafe\b|\belab|\bmacro|\bsyntax\b|\bimplemented_by\b"
    r"|\bextern\b|\bIO\.|\bnative_decide\b|\baxiom\b|\bsorry\b|\badmit\b|\bskip_proof|\bmeta\b|#exit"
)
_SORRY = re.compile(r"sorry", re.IGNORECASE)
_MEMORY = 32 << 30  # address space: Lean maps all of mathlib into it
_FILE_SIZE = 64 << 20
_KEPT_ENVIRONMENT = ("PATH", "HOME", "ELAN_HOME", "LANG")


@dataclass(frozen=True)
class Checked:
    """What came of a check: `checked` only if Lean itself has accepted the proof; `by` is the version line of Lean."""

    checked: bool
    by: str
    detail: str

    def as_dict(self) -> dict[str, Any]:
        """As it stands in `meta.lean`."""
        return {"checked": self.checked, "by": self.by, "detail": self.detail}


class LeanChecker:
    """A Lean command that is known to answer; raises ConfigError where it does not."""

    def __init__(self, command: str, header: str, project: Path | None, seconds: float) -> None:
        self._command = shlex.split(command)
        self._header = header
        self._project = project
        self._seconds = seconds
        status, output = self._run(["--version"])
        version = _VERSION.search(output)
        if status or version is None:
            raise ConfigError(
                f"lean: {command!r} --version does not answer as Lean does ({output.strip()[:200] or 'no output'}); "
                "is Lean installed and lean_project a lake project?"
            )
        self.version = output.strip().splitlines()[0]
        self._major = int(version[1])

    @classmethod
    def of(cls, config: CollectConfig) -> LeanChecker | None:
        """The checker that a config asks for, None if it asks for none."""
        if not config.lean:
            return None
        return cls(config.lean, config.lean_header, config.lean_project, config.lean_seconds)

    def check(self, question: Question) -> Checked:
        """Has Lean check the proof of a question of type proof."""
        wanted = question.meta.get("lean_version", self._major)
        if wanted != self._major:
            return Checked(False, "static", f"not checked: a proof in Lean {wanted}, the command is Lean {self._major}")
        program = program_of(question, self._header)
        if refused := _REFUSED.search(program.removeprefix(self._header)):
            return Checked(False, "static", f"not checked: {refused[0]!r} is not given to Lean")
        with tempfile.TemporaryDirectory(prefix="sciinstruct-lean-") as folder:
            file = Path(folder) / "Row.lean"
            file.write_text(program, encoding="utf-8")
            status, output = self._run([str(file)])
        return judged(status, output, self.version)

    def _run(self, arguments: list[str]) -> tuple[int | None, str]:
        """Exit status (None: the time was up) and output of the command."""
        environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
        try:
            process = subprocess.Popen(
                [*self._command, *arguments],
                cwd=self._project,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=self._limit,
            )
        except OSError as error:
            raise ConfigError(f"lean: {self._command[0]!r} cannot be started: {error}") from error
        try:
            output, _ = process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return None, ""
        return process.returncode, output

    def _limit(self) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_SIZE, _FILE_SIZE))
        seconds = int(4 * self._seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def program_of(question: Question, header: str) -> str:
    """The Lean file of one row: header, context and statement as they are, then the proof."""
    joint = "\n" if question.meta.get("proof_style") in ("equations", "where") else " :=\n"
    return f"{header}\n\n{question.question}{joint}{question.reasoning}\n"


def judged(status: int | None, output: str, version: str) -> Checked:
    """What exit status and output of Lean say. A program that calls itself a stand-in has checked nothing."""
    first = next((line for line in output.splitlines() if "error" in line), output.strip())[:300]
    if status is None:
        return Checked(False, "static", "not checked: the time limit was reached")
    if status or re.search(r"\berror\b", output):
        return Checked(False, "static", f"Lean refuses it: {first}")
    if _SORRY.search(output):
        return Checked(False, "static", f"it uses sorry: {first}")
    if _STAND_IN in version:
        return Checked(False, "static", "accepted by a stand-in program, which checks nothing")
    return Checked(True, version, "Lean accepts it")
