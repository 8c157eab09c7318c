"""`sciinstruct export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

__all__ = ["export"]


def export(
    run: Path,
    /,
    *,
    out: Path,
    format: Annotated[
        Literal["chat", "alpaca", "sharegpt", "content-summary", "datasets"], Parameter(name="--format")
    ] = "chat",
) -> None:
    """Write the instructions of a run in the form that a training tool reads.

    sciinstruct export run/ --format sharegpt --out train.jsonl

    Parameters
    ----------
    run
        Run folder, or a file of instructions.
    out
        File to write (a folder for `datasets`).
    format
        chat: {"messages": [...]}; alpaca: instruction, input, output; sharegpt: conversations; content-summary: the
        form of the paper's reference code; datasets: a Hugging Face `datasets` folder.
    """
    from ..io import export_instructions

    count = export_instructions(run, format, out)
    print(f"{count:,} instructions written to {out} ({format})")
