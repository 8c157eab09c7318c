"""`sciinstruct verify` and `sciinstruct judge-report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ..verification.policy import Policy

__all__ = ["judge_report", "verify"]


def verify(
    pairs: Annotated[list[Path] | None, Parameter(negative="")] = None,
    /,
    *,
    out: Path,
    rejudge: Path | None = None,
    map: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    symbolic: bool = True,
    policy: Annotated[Policy | None, Parameter(name="*")] = None,
) -> None:
    """Decide whether answers equal their references.

    sciinstruct verify pairs.jsonl --out verdicts.jsonl

    A row has `gold` (the reference) and `prediction` (a short answer) or `solution` (a text that states one), and may
    have `id`, `question`, `options` and `expected` (true or false). A row out has id, verdict (right, wrong, unknown),
    rule, reason and extracted. With `expected` a summary and the disagreements are printed.

    sciinstruct verify --rejudge run/ --out changes.jsonl

    checks the attempts of a finished run again with today's rules, without any new call.

    Parameters
    ----------
    pairs
        Files of pairs: JSON Lines, JSON, CSV or Parquet.
    out
        JSON Lines file to write.
    rejudge
        Run folder whose attempts are checked again, instead of pairs.
    map
        COLUMN=FIELD: take FIELD (gold, prediction, solution, question, options, expected, id) from your COLUMN.
    symbolic
        Ask Math-Verify, in a process of its own, about formulas that the rules leave open.
    """
    from ..errors import ConfigError
    from .verify_files import recheck_run, verify_pairs

    if (rejudge is None) == (pairs is None):
        raise ConfigError("verify: give files of pairs, or --rejudge RUN")
    if rejudge is not None:
        lines = recheck_run(rejudge, out, policy or Policy(), symbolic=symbolic)
    else:
        lines = verify_pairs(pairs or [], out, map, policy or Policy(), symbolic=symbolic)
    for line in lines:
        print(line)


def judge_report(
    run: Path | None = None,
    /,
    *,
    labelled: Path | None = None,
    map: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    judge: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    ledger: Path = Path("judge.sqlite"),
    sample: int = 200,
    second_look: Annotated[bool, Parameter(negative="")] = False,
    policy: Annotated[Policy | None, Parameter(name="*")] = None,
) -> None:
    """Measure the judge: agreement with the rules, confusion matrix, share of false accepts.

    sciinstruct judge-report run/ --labelled labelled.jsonl --judge http://127.0.0.1:8000/v1#NAME

    The agreement is over answers on which both speak: those that the judge decided in the run and today's rules decide
    too, and with --judge a sample of those that the rules decided. A labelled row has `expected` (true or false) and
    either `verdict` and `rule` (judge, or the rule that decided), or a pair as for `verify`, which is decided here.

    Parameters
    ----------
    run
        Run folder.
    labelled
        File of answers whose right verdict is known.
    map
        COLUMN=FIELD: take FIELD from your COLUMN.
    judge
        Model to ask as the judge; repeat for a pool.
    ledger
        Where the judge's replies are kept, so that no call is paid twice.
    sample
        How many attempts that the rules decided the judge is asked about.
    second_look
        Ask twice, with the two answers in swapped order; only agreement counts.
    """
    from ..errors import ConfigError
    from .judge_files import JudgeOptions, judge_lines

    if run is None and labelled is None:
        raise ConfigError("judge-report: give a run folder, --labelled FILE, or both")
    options = JudgeOptions(judge, ledger, sample, second_look)
    for line in judge_lines(run, labelled, map, policy or Policy(), options):
        print(line)
