"""Lean source text as a list of commands: comments and strings are blanked out first, so that structure can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["DOCSTRING", "Command", "commands_of"]

_OPENERS = re.compile(r"/-[-!]?|--|\"|«|'(?:\\.|[^\\'\n])'")
_INSIDE = re.compile(r"/-|-/")
# Words that begin a command at the start of a line; all other lines belong to the command above them.
_COMMAND_WORDS = """
    theorem lemma problem def definition abbreviation abbrev instance example structure class inductive coinductive
    namespace section end open open_locale variable variables parameter parameters universe universes local
    localized notation attribute import include omit set_option noncomputable private protected alias mutual axiom
    axioms constant constants opaque meta run_cmd infix infixl infixr prefix postfix reserve notation3 macro syntax
    elab macro_rules elab_rules declare_syntax_cat add_decl_doc assert_not_exists assert_exists deriving initialize
    irreducible_def nonrec unsafe partial public export mk_iff simproc scoped library_note run_meta module
    suppress_compilation derive_handler restate_axiom add_tactic_doc add_hint_tactic to_additive to_dual gcongr
    unseal seal prelude initialize_simps_projections #check #eval #print #align #align_import #noalign #lint
    #guard_msgs
"""
_COMMANDS = frozenset(_COMMAND_WORDS.split())
_FIRST_WORD = re.compile(r"#?[A-Za-z_][\w']*|@\[")
DOCSTRING = re.compile(r"/--(.*?)-/\s*\Z", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One command: its text, the same text with comments and strings blanked, its line from 1, its docstring."""

    text: str
    masked: str
    line: int
    docstring: str | None


def commands_of(text: str) -> Iterator[Command]:
    """The commands of a file, in order."""
    masked = _masked(text)
    starts = list(_starts(masked))
    for place, start in enumerate(starts):
        end = starts[place + 1] if place + 1 < len(starts) else len(masked)
        end = start + len(masked[start:end].rstrip())
        before = text[starts[place - 1] if place else 0 : start]
        doc = DOCSTRING.search(before)
        # the last "/--" counts: an earlier comment may have ended before it
        words = doc[1].rpartition("/--")[2].strip() if doc else None
        yield Command(text[start:end], masked[start:end], text.count("\n", 0, start) + 1, words)


def _masked(text: str) -> str:
    """The text with every comment and string replaced by blanks of the same length; line ends stay."""
    parts, place = [], 0
    while opened := _OPENERS.search(text, place):
        parts.append(text[place : opened.start()])
        end = _end_of(text, opened)
        inside = text[opened.start() : end]
        # names in « » stay names, so that they can be read
        parts.append(inside if inside[0] == "«" else re.sub(r"[^\n]", " ", inside))
        place = end
    parts.append(text[place:])
    return "".join(parts)


def _end_of(text: str, opened: re.Match[str]) -> int:
    sign, place = opened[0], opened.end()
    if sign == "--":
        end = text.find("\n", place)
        return len(text) if end < 0 else end
    if sign == '"':
        closed = re.compile(r'(?:[^"\\]|\\.)*"', re.DOTALL).match(text, place)
        return closed.end() if closed else len(text)
    if sign == "«":
        end = text.find("»", place)
        return place if end < 0 else end + 1
    if sign[0] == "'":
        return place
    depth = 1
    for mark in _INSIDE.finditer(text, place):
        depth += 1 if mark[0] == "/-" else -1
        if depth == 0:
            return mark.end()
    return len(text)


def _starts(masked: str) -> Iterator[int]:
    """Where commands begin: a command's word in the first column, outside Lean 3's begin … end."""
    depth, place, attributes = 0, 0, False
    for line in masked.splitlines(keepends=True):
        word = _FIRST_WORD.match(line)
        if word and not depth and (word[0] == "@[" or word[0] in _COMMANDS):
            if not attributes:
                yield place
            # attributes, `… in` and modifiers on a line of their own belong to what follows
            stripped = line.rstrip()
            attributes = (word[0] == "@[" and stripped.endswith("]")) or stripped.endswith(" in")
        elif line.strip():
            attributes = attributes and not line.strip()
        opened = len(re.findall(r"(?<![\w.'])(?:begin|match)(?![\w'])", line)) if _is_lean3(masked) else 0
        if opened or depth:
            depth = max(0, depth + opened - len(re.findall(r"(?<![\w.'])end(?![\w'])", line)))
        place += len(line)


def _is_lean3(masked: str) -> bool:
    return bool(re.search(r"^begin\s*$|\bbegin\n", masked, re.MULTILINE))
