"""Write docs/cli.md from the help of the installed commands; with --check only say whether it is up to date."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from sciinstruct.cli.main import app

PAGE = Path(__file__).resolve().parents[1] / "docs" / "cli.md"

HEADER = """# Commands

This page is written by `make docs` from the help of the commands themselves; a test compares the two.
"""


def commands() -> list[str]:
    """The names of the commands, without flags such as --help."""
    return [name for name in app if not name.startswith("-")]


def help_of(*tokens: str) -> str:
    """What `sciinstruct TOKENS --help` prints into a terminal of 100 columns without colours."""
    program = "from sciinstruct.cli.main import main; main()"
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", program, *tokens, "--help"],
        env=environment,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines()).strip()


def page() -> str:
    """The whole page."""
    sections = [HEADER, f"```text\n{help_of()}\n```\n"]
    sections += [f"## sciinstruct {name}\n\n```text\n{help_of(name)}\n```\n" for name in commands()]
    return "\n".join(sections)


def main() -> int:
    wanted = page()
    if sys.argv[1:] == ["--check"]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted:
            return 0
        print(f"docs/{PAGE.name} does not show the commands as they are now: run `make docs`", file=sys.stderr)
        return 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
