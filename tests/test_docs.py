"""README and docs say what is: links lead somewhere, commands run and print what is shown, options exist.

A fenced block marked `console` is a session that a reader can repeat: the lines after `$ sciinstruct` are run, all of
one page in one empty folder that holds a copy of `examples/`, and every line shown under a command has to occur in its
output (`…` stands for what is left out). Blocks with any other mark are not run.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
GENERATED = ROOT / "docs" / "cli.md"
WRITTEN = [page for page in PAGES if page != GENERATED]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"""\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)\"""")
RUN = "from sciinstruct.cli.main import main; main()"


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def sciinstruct(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "160", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", RUN, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", timeout=300)


@cache
def options_of(command: str) -> frozenset[str]:
    """Every option that the help of a command names ("" for the program itself)."""
    ran = sciinstruct(*command.split(), "--help", folder=ROOT)
    assert ran.returncode == 0, f"no command {command!r}: {ran.stderr}"
    return frozenset(re.findall(r"--[a-z][a-z0-9-]*", ran.stdout))


@cache
def commands() -> frozenset[str]:
    from sciinstruct.cli.main import app

    return frozenset(name for name in app if not name.startswith("-"))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual Markdown hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    for found in LINK.findall(FENCE.sub("", text_of(page))):
        link = found[0] or found[1]
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {link}"
        if anchor:
            assert anchor in anchors(target), f"{page.name} links to {link}"


def test_every_page_is_listed_in_the_index() -> None:
    listed = {(found[0] or found[1]).partition("#")[0] for found in LINK.findall(text_of(ROOT / "docs" / "index.md"))}
    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} <= listed


def session(block: str) -> list[tuple[str, list[str]]]:
    """(command, lines shown under it) of a console block."""
    steps: list[tuple[str, list[str]]] = []
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif line.strip():
            steps[-1][1].append(line)
    return steps


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_console_blocks_run_and_print_what_is_shown(page: Path, tmp_path: Path) -> None:
    blocks = [block for mark, block in FENCE.findall(text_of(page)) if mark == "console"]
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for command, shown in (step for block in blocks for step in session(block)):
        program, *arguments = shlex.split(command, comments=True)
        assert program == "sciinstruct", f"{page.name}: a console block runs sciinstruct only, not: {command}"
        ran = sciinstruct(*arguments, folder=tmp_path)
        assert ran.returncode == 0, f"{page.name}: {command}\n{ran.stdout}{ran.stderr}"
        printed = squeeze(ran.stdout + ran.stderr)
        for line in shown:
            for part in line.split("…"):
                assert squeeze(part) in printed, f"{page.name}: {command} does not print: {line}\n\n{printed}"


def squeeze(text: str) -> str:
    return " ".join(text.split())


def code_of(page: Path) -> list[str]:
    """Every line of a page's code blocks and every inline code span."""
    text = text_of(page)
    lines = [line for _, block in FENCE.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    return lines + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_options_in_the_docs_exist(page: Path) -> None:
    for line in code_of(page):
        called = re.search(r"\bsciinstruct +([a-z][a-z-]*)\b(.*)", line)
        if called and called[1] in commands():
            missing = set(re.findall(r"(?<!\S)--[a-z][a-z0-9-]*", called[2].split("#")[0])) - options_of(called[1])
            assert not missing, f"{page.name}: sciinstruct {called[1]} has no {missing}: {line}"
        elif line.startswith("--"):
            option = line.split()[0].split("=")[0]
            assert any(option in options_of(name) for name in commands()), f"{page.name}: no command has {line}"


def test_the_page_of_commands_is_up_to_date() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "cli_docs.py"), "--check"], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
