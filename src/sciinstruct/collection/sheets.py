r"""Problem sheets in Markdown and LaTeX with an answer key.

A sheet is a list of numbered problems, and a section "Answers" (Answer key, Solutions, 答案) with the same numbers.

Markdown: problems begin with "1." or "**1.**" or "## Problem 1"; options with "A." or "(A)" on lines of their own; a
front matter may give subject, licence, source and language.
LaTeX: problems are the \item of enumerate environments, or problem environments; options \item of an enumerate inside,
or \choice; \answer{…} inside a problem counts like the key. Lines "% subject: physics" at the top give the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from ..errors import InputError
from ..io import questions_from
from ..records import Question, Rejection

__all__ = ["SHEETS", "read_sheet"]

SHEETS = (".md", ".markdown", ".tex")

_KEY_WORDS = r"(?:answers?(?: key)?|key|solutions?|answers to .*|参考答案|答案)"
_MARKDOWN_KEY = re.compile(rf"^(?:#+\s*|\*\*){_KEY_WORDS}\s*:?\**\s*:?\s*$", re.IGNORECASE | re.MULTILINE)
_LATEX_KEY = re.compile(rf"\\(?:sub)*(?:section|chapter|paragraph)\*?\{{\s*{_KEY_WORDS}\s*\}}", re.IGNORECASE)
_MARKDOWN_PROBLEM = re.compile(
    r"^(?:#+\s*(?:problem|question|exercise|第)?\s*(\d+)\s*题?[.:、)]?|(?:\*\*)?(\d+)\s*[.)、](?:\*\*)?)(?=\s|$)",
    re.IGNORECASE | re.MULTILINE,
)
_HEADING = re.compile(r"^#+ .*$", re.MULTILINE)
_FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
_TEX_SETTING = re.compile(r"^%\s*(subject|topic|licence|license|source|language)\s*:\s*(.+?)\s*$", re.MULTILINE)
_TEX_COMMENT = re.compile(r"(?<!\\)%.*")
_BEGIN_END = re.compile(
    r"\\(begin|end)\{(enumerate|problem|exercise|question|choices|itemize)\}(?:\[[^\]]*\])?|\\item\b|\\choice\b"
)
_ANSWER_COMMAND = re.compile(r"\\answer\{")
# A line that goes on: the next line is indented and begins no option, list or display.
_WRAPPED = re.compile(r"(?<=\S)\n[ \t]+(?=[^\s\\$*-])(?!\(?[A-Z][.)])")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SETTINGS = ("subject", "topic", "licence", "source", "language")


def read_sheet(path: Path, defaults: Mapping[str, str]) -> Iterator[Question | Rejection]:
    """The problems of a sheet with their answers from its key, in order.

    An answer without a problem is a Rejection; a problem without an answer is a question without a reference.
    Raises InputError where the file cannot be read or holds no numbered problem.
    """
    try:
        text = path.read_text("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    parts = _latex_parts if path.suffix.lower() == ".tex" else _markdown_parts
    settings, problems, key = parts(text)
    if not problems:
        raise InputError(f"{path}: no numbered problems found; docs/collect.md shows how a sheet looks")
    settings = {**defaults, **settings}
    rows = []
    for number, (problem, options, own_answer) in problems.items():
        row: dict[str, object] = {"id": f"{path.stem}/{number}", "question": problem, **settings}
        answer = own_answer or key.get(number)
        if answer is not None:
            row["answer"] = answer
        if options:
            row["options"] = options
        elif answer and re.fullmatch("[A-Z]{1,6}", answer):
            row["question_type"] = "multiple_choice"
        rows.append(row)
    settings.setdefault("source", path.stem)
    yield from questions_from(rows, defaults={name: settings[name] for name in _SETTINGS if name in settings})
    for number in sorted(key.keys() - problems.keys()):
        yield Rejection(
            id=f"{path.stem}/{number}",
            stage="read",
            reason="unusable",
            detail=f"the key has an answer {number}, but there is no problem {number}",
            answer=key[number],
            source=settings["source"],
            file=str(path),
            field="question",
        )


_Problem = tuple[str, dict[str, str], str | None]


def _markdown_parts(text: str) -> tuple[dict[str, str], dict[int, _Problem], dict[int, str]]:
    settings: dict[str, str] = {}
    if front := _FRONT.match(text):
        loaded = yaml.safe_load(front[1])
        if isinstance(loaded, dict):
            settings = _settings(loaded)
        text = text[front.end() :]
    key_at = _MARKDOWN_KEY.search(text)
    body, key = (text[: key_at.start()], text[key_at.end() :]) if key_at else (text, "")
    problems: dict[int, _Problem] = {number: (problem, {}, None) for number, problem in _numbered(body).items()}
    return settings, problems, _numbered(key)


def _numbered(text: str) -> dict[int, str]:
    """The texts behind "1.", "2.", …; a number counts only if it is the next one.

    Where problems have headings ("## Problem 1"), only those count: other numbers are lists inside a problem.
    """
    marks: list[re.Match[str]] = []
    found_marks = list(_MARKDOWN_PROBLEM.finditer(text))
    headings = [mark for mark in found_marks if mark[1]]
    for mark in headings or found_marks:
        if not marks or int(mark[1] or mark[2]) == int(marks[-1][1] or marks[-1][2]) + 1:
            marks.append(mark)
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    found = {}
    for mark, end in zip(marks, ends, strict=True):
        found[int(mark[1] or mark[2])] = _HEADING.sub("", text[mark.end() : end]).strip()
    return {number: _WRAPPED.sub(" ", problem) for number, problem in found.items() if problem}


def _settings(loaded: Mapping[object, object]) -> dict[str, str]:
    known = {("licence" if key == "license" else str(key)): str(value) for key, value in loaded.items()}
    return {name: known[name] for name in _SETTINGS if name in known}


def _latex_parts(text: str) -> tuple[dict[str, str], dict[int, _Problem], dict[int, str]]:
    settings = _settings(dict(_TEX_SETTING.findall(text)))
    text = _TEX_COMMENT.sub("", text)
    start = text.find("\\begin{document}")
    text = text[start + len("\\begin{document}") :] if start >= 0 else text
    text = text.split("\\end{document}")[0]
    key_at = _LATEX_KEY.search(text)
    body, key = (text[: key_at.start()], text[key_at.end() :]) if key_at else (text, "")
    problems = {number: _latex_problem(item) for number, item in enumerate(_latex_items(body), start=1)}
    answers = {number: item.strip() for number, item in enumerate(_latex_items(key), start=1)}
    return settings, problems, {number: answer for number, answer in answers.items() if answer}


def _latex_items(text: str) -> list[str]:
    """The texts of the outermost items and problem environments, in order."""
    items: list[str] = []
    depth, start = 0, -1
    for mark in _BEGIN_END.finditer(text):
        if mark[1] == "begin":
            depth += 1
            if depth == 1 and mark[2] not in ("enumerate", "itemize", "choices"):
                start = mark.end()
        elif mark[1] == "end":
            depth -= 1
            if depth == 0 and start >= 0:
                items.append(text[start : mark.start()])
                start = -1
        elif depth == 1:
            if start >= 0:
                items.append(text[start : mark.start()])
            start = mark.end()
    return [item.strip() for item in items if item.strip()]


def _latex_problem(item: str) -> _Problem:
    item, answer = _own_answer(item)
    inner = re.search(r"\\begin\{(enumerate|choices)\}(?:\[[^\]]*\])?(.*)\\end\{\1\}", item, re.DOTALL)
    if inner is None:
        return _WRAPPED.sub(" ", item.strip()), {}, answer
    texts = [text.strip() for text in re.split(r"\\(?:item|choice)\b", inner[2])[1:]]
    options = dict(zip(_LETTERS, texts, strict=False))
    return _WRAPPED.sub(" ", (item[: inner.start()] + item[inner.end() :]).strip()), options, answer


def _own_answer(item: str) -> tuple[str, str | None]:
    """The problem without its \\answer{…}, and what stands in it."""
    mark = _ANSWER_COMMAND.search(item)
    if mark is None:
        return item, None
    depth = 1
    for place in range(mark.end(), len(item)):
        depth += {"{": 1, "}": -1}.get(item[place], 0)
        if depth == 0:
            return item[: mark.start()] + item[place + 1 :], item[mark.end() : place].strip()
    return item, None
