"""Files in and out: the one place that knows file formats.

pyarrow is loaded by the functions that need it, so that this package stays light to import.
"""

from __future__ import annotations

from .exports import FORMATS, export_instructions
from .instructions import read_attempts, read_instructions, read_rejections
from .questions import question_id, questions_from, read_questions
from .run_folder import RunFolder, config_difference
from .tables import TableWriter, attempt_row, count_rows, instruction_row, rejection_row

__all__ = [
    "FORMATS",
    "RunFolder",
    "TableWriter",
    "attempt_row",
    "config_difference",
    "count_rows",
    "export_instructions",
    "instruction_row",
    "question_id",
    "questions_from",
    "read_attempts",
    "read_instructions",
    "read_questions",
    "read_rejections",
    "rejection_row",
]
