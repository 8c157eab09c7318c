"""`sciinstruct annotate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..annotation.config import AnnotateConfig

__all__ = ["annotate"]


def annotate(
    questions: Annotated[list[Path], Parameter(negative="")],
    /,
    *,
    config: Path | None = None,
    options: Annotated[AnnotateConfig, Parameter(name="*", negative="")],
) -> None:
    """Turn questions with reference answers into verified instructions.

    Each question is solved and its answer checked; a wrong solution is reflected on and corrected, then revised with
    the reference answer at hand. What ends right is an instruction, the rest is rejected with its reason.

        sciinstruct annotate questions.jsonl --model http://127.0.0.1:8000/v1#Qwen3-32B --out run/

    Ctrl-C stops cleanly; the same command again goes on where it stopped and pays for nothing twice.

    Parameters
    ----------
    questions
        Files of questions: JSON Lines, JSON, CSV, Parquet (also .gz), a folder of these or a `datasets` folder.
    config
        YAML file whose keys are the flags below; a flag beats the file.
    """
    from ..pipeline import run_annotation
    from .live import watch

    run = run_annotation(questions, options)
    sys.exit(watch(run))
