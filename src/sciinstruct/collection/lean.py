"""Theorems with their proofs out of Lean files: a mathlib checkout, Lean 3 or Lean 4, read as text.

Lean is not run: names of the same file and `include`d hypotheses are not resolved, so a row alone need not compile.
Proofs with `sorry` are refused. A row has the form that `io` reads: context, namespace, statement, proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ..errors import InputError
from ..io import questions_from
from ..records import Question, Rejection
from .lean_text import DOCSTRING, Command, commands_of

__all__ = ["lean_files", "read_lean_file", "theorems"]

_MODIFIERS = r"(?:(?:private|protected|noncomputable|nonrec|local|scoped|unsafe|partial|public|meta)\s+)*"
_THEOREM = re.compile(rf"{_MODIFIERS}(theorem|lemma|problem)\s+([^\s:({{\[⦃]+)")
_SCOPE = re.compile(rf"(?:@\[[^\]]*\]\s*)?{_MODIFIERS}(namespace|section|mutual|end)(?:[ \t]+([^\s]+))?")
_IN_CONTEXT = re.compile(
    r"open(?:_locale)?\b|variables?\b|parameters?\b|universes?\b|include\b|omit\b|set_option\b|noncomputable theory"
    r"|local\b|scoped\b|localized\b|attribute \[(?:local|scoped)"
)
_IN = re.compile(r"\A(?:(?:open|variables?|universes?|include|omit|set_option)\b[^\n]*(?:\n[ \t][^\n]*)*?\sin\s+)+")
# A statement that ends so goes on: a bar on the next line is an absolute value, not an equation.
_GOES_ON = tuple(":∧∨→↔=≤<≥>+-*/,∣|¬≠∈")
_WORD = re.compile(r"(?<![\w.'])(let|have|haveI|letI|where)(?![\w'])|:=|[(\[{⟨⦃]|[)\]}⟩⦄]|\n\s*\|(?=[^\n]*(?:=>|:=))")
_SORRY = re.compile(r"(?<![\w.'])sorry(?![\w'])")


def lean_files(folder: Path) -> list[Path]:
    """The Lean files of a checkout, sorted; what lake has built or downloaded is left out."""
    found = [path for path in folder.rglob("*.lean") if not {".lake", "build", "_target"} & set(path.parts)]
    return sorted(found)


def read_lean_file(path: Path, root: Path) -> Iterator[Question | Rejection]:
    """The theorems of one file as questions with their proofs as reasoning; ids are "path:line".

    Raises InputError where the file cannot be read as text.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    inside = str(path.relative_to(root))
    version = 3 if _is_lean3(path, root, text) else 4
    source = f"mathlib{version}" if "mathlib" in f"{root.resolve().name}/{inside}".lower() else root.resolve().name
    for row in theorems(text):
        row = {
            "id": f"{source}/{inside}:{row['line']}",
            "source": source,
            "lean_version": version,
            "path": inside,
            **row,
        }
        if _SORRY.search(row["proof"]) or not row["proof"]:
            yield _refused(row, path)
            continue
        for question in questions_from([row]):
            yield question if isinstance(question, Question) else msgspec.structs.replace(question, file=str(path))


def _refused(row: dict[str, Any], path: Path) -> Rejection:
    return Rejection(
        id=row["id"],
        stage="read",
        reason="unusable",
        detail="the proof has a `sorry`, or there is none",
        question=row["statement"],
        source=row["source"],
        file=str(path),
        line=row["line"],
        field="proof",
    )


def _is_lean3(path: Path, root: Path, text: str) -> bool:
    """By the project's own file, else by the imports, which Lean 4 writes with capitals."""
    for folder in path.parents:
        if (folder / "leanpkg.toml").exists():
            return True
        if (folder / "lean-toolchain").exists() or (folder / "lakefile.lean").exists():
            return False
        if folder == root:
            break
    imported = re.search(r"^(?:public )?import\s+(\S)", text, re.MULTILINE)
    return bool(imported and imported[1].islower()) or bool(re.search(r"^begin\s*$", text, re.MULTILINE))


@dataclass
class _Scope:
    """What is in scope: open namespaces and sections, and the context lines with the depth they came at."""

    names: list[tuple[str, str]] = field(default_factory=list)
    context: list[tuple[int, str]] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        return ".".join(name for kind, name in self.names if kind == "namespace")

    def enter(self, kind: str, name: str) -> None:
        self.names.append((kind, name))

    def leave(self, name: str) -> None:
        """Closes what `end NAME` closes: one level for every section, `A.B` may close two namespaces."""
        levels = 1
        if name and self.names:
            closed = ""
            for level, (_, opened) in enumerate(reversed(self.names), start=1):
                closed = f"{opened}.{closed}" if closed else opened
                if closed == name:
                    levels = level
                    break
        del self.names[len(self.names) - min(levels, len(self.names)) :]
        self.context = [(depth, line) for depth, line in self.context if depth <= len(self.names)]

    def add(self, line: str) -> None:
        self.context.append((len(self.names), line))


def theorems(text: str) -> Iterator[dict[str, Any]]:
    """The theorems of a file's text as rows; see the files' columns in docs/files.md, "Lean theorems"."""
    scope = _Scope()
    for command in commands_of(text):
        own = _IN.match(command.masked)
        start = own.end() if own else 0
        start += _length_of_attributes(command.masked[start:])
        found = _THEOREM.match(command.masked, start)
        if found:
            row = _theorem(command, own.end() if own else 0, found, scope)
            if row is not None:
                yield row
            continue
        change = _SCOPE.match(command.masked)
        if change and change[1] == "end":
            scope.leave(change[2] or "")
        elif change:
            scope.enter(change[1], change[2] or "")
        elif _IN_CONTEXT.match(command.masked) and not command.masked.endswith(" in"):
            scope.add(command.text)


def _length_of_attributes(masked: str) -> int:
    """How many characters of `@[…]` blocks, with the blanks behind them, the text begins with."""
    place = 0
    while masked.startswith("@[", place):
        depth = 0
        for end in range(place + 1, len(masked)):
            depth += {"[": 1, "]": -1}.get(masked[end], 0)
            if depth == 0:
                break
        place = end + 1
        place += len(masked[place:]) - len(masked[place:].lstrip())
    return place


def _theorem(command: Command, start: int, found: re.Match[str], scope: _Scope) -> dict[str, Any] | None:
    split = _statement_end(command.masked, found.end())
    if split is None:
        return None
    end, style = split
    proof = command.text[end:].strip()
    if style in ("tactic", "term"):
        proof = proof.removeprefix(":=").strip()
        style = "tactic" if re.match(r"by\b|begin\b", proof) else "term"
    prefix = command.masked[:start].strip()
    inner = DOCSTRING.search(command.text[:start]) if prefix else None
    context = [line for _, line in scope.context] + ([prefix] if prefix else [])
    namespace, name = scope.namespace, found[2]
    own_name = name.removeprefix("_root_.")
    return {
        "line": command.line,
        "kind": found[1],
        "full_name": f"{namespace}.{name}" if namespace and own_name == name else own_name,
        "namespace": namespace,
        "docstring": inner[1].strip() if inner else command.docstring,
        "context": "\n".join(context),
        "statement": command.text[start:end].strip(),
        "proof": proof,
        "proof_style": style,
    }


def _statement_end(masked: str, start: int) -> tuple[int, str] | None:
    """Where the statement ends, and how the proof is given; None where there is no proof."""
    depth, expected = 0, 0
    for mark in _WORD.finditer(masked, start):
        sign = mark[0]
        if sign in "([{⟨⦃":
            depth += 1
        elif sign in ")]}⟩⦄":
            depth -= 1
        elif depth > 0:
            continue
        elif sign == ":=":
            if not expected:
                return mark.start(), "term"
            expected -= 1  # the value of a `let` inside the statement
        elif sign == "where":
            return mark.start(), "where"
        elif mark[1]:
            expected += 1
        elif not masked[: mark.start()].rstrip().endswith(_GOES_ON):
            return mark.start(), "equations"
    return None
