"""The data set card of a run folder: README.md in the form that Hugging Face's hub reads.

Everything in it comes from manifest.json and instructions.parquet. Times and costs stay in the manifest.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from ..io import RunFolder, count_rows

__all__ = ["write_card"]

_COLUMNS = ("stage", "verdict", "rule", "model", "language", "subject", "type", "source", "licence")
_UNKNOWN = "not stated"

# upper bounds of the hub's size categories
_SIZES = {
    1_000: "n<1K",
    10_000: "1K<n<10K",
    100_000: "10K<n<100K",
    1_000_000: "100K<n<1M",
    10_000_000: "1M<n<10M",
}
# what data sets call their licence, in lower case without blanks -> the hub's identifier
_LICENCES = {
    "mit": "mit",
    "apache-2.0": "apache-2.0",
    "apache2.0": "apache-2.0",
    "cc-by-4.0": "cc-by-4.0",
    "ccby4.0": "cc-by-4.0",
    "cc-by-sa-4.0": "cc-by-sa-4.0",
    "ccby-sa4.0": "cc-by-sa-4.0",
    "cc-by-nc-4.0": "cc-by-nc-4.0",
    "ccby-nc4.0": "cc-by-nc-4.0",
    "cc-by-nc-sa-4.0": "cc-by-nc-sa-4.0",
    "ccby-nc-sa4.0": "cc-by-nc-sa-4.0",
    "cc0-1.0": "cc0-1.0",
    "cc01.0": "cc0-1.0",
}

_STAGES = {
    "solve": "right at the first try",
    "reflect": "corrected after being told that it was wrong",
    "revise": "corrected after being shown the reference answer",
    "given": "the reasoning came with the question; nothing was annotated",
}

# rules whose verdict comes from language models
_DECIDED_BY_A_MODEL = {
    "judge": "right by an LLM judge",
    "agreement": "agreed on by several samples, without a reference",
}

_ABOUT = """\
`messages` is the chat form, `options` stand in it as "A. text". `attempts.parquet` has every attempt with its verdict,
`rejected.parquet` every question that was not accepted, with the reason. Made by sciinstruct, after *SciInstruct: a
Self-Reflective Instruction Annotated Dataset for Training Scientific Language Models* (NeurIPS 2024, arXiv 2401.07950).
"""

_LOOP = """\
A solution is asked for and its final answer compared with the reference by rules; a wrong one is reflected on, then
revised with the reference shown. Where the rules cannot decide, the judge does, if the run had one.
"""

_LIMITS = """\
- The reasoning was written by language models. What was checked is its final answer, not each step.
- A solution of the stage `revise` was written with the reference answer in view: it may be fitted to that answer. Leave
  the stage out where that matters.
- A verdict of the rule `judge` is a language model's; every other rule is code. The column `rule` says which.
- Reference answers were taken as they came; an error in them is an error here.
- Annotating removes nothing that also stands in a benchmark: what was taken out before is said by whoever collected the
  questions (`sciinstruct collect --against`).
"""


def write_card(run: RunFolder) -> None:
    """Write README.md of a run folder from its manifest and its instructions.

    Raises InputError where instructions.parquet is missing or broken, RunFolderError where the card cannot be written.
    """
    counts = count_rows(run.instructions, _COLUMNS)
    run.write_card(_card(run.read_manifest(), counts))


def _card(manifest: Mapping[str, Any], counts: Counter[tuple[Any, ...]]) -> str:
    parts = [
        f"---\n{_front_matter(counts)}---\n",
        "# Science instructions with step-by-step reasoning\n",
        _summary(manifest, counts),
        "## What is in it\n",
        _stage_table(counts),
        *(_table((title, "instructions"), _by(counts, column)) for column, title in _SHOWN_COUNTS.items()),
        "Sources and their licences, as the input stated them:\n",
        _table(("source", "licence", "instructions"), _by(counts, "source", "licence")),
        "## How it was made\n",
        _making(manifest),
        "## What became of the input\n",
        _attrition(manifest.get("attrition", {})),
        "## Limits\n",
        _LIMITS,
    ]
    return "\n".join(parts)


_SHOWN_COUNTS = {"subject": "subject", "language": "language", "type": "question type", "rule": "rule that decided"}


def _front_matter(counts: Counter[tuple[Any, ...]]) -> str:
    total = counts.total()
    front: dict[str, Any] = {"pretty_name": "Science instructions with step-by-step reasoning"}
    languages = [language for (language,), _ in _by(counts, "language") if language != _UNKNOWN]
    if languages:
        front["language"] = sorted(languages)
    licences = [licence for (licence,), _ in _by(counts, "licence")]
    if licences and licences != [_UNKNOWN]:
        known = _LICENCES.get(licences[0].lower().replace(" ", ""))
        front["license"] = known if known and len(licences) == 1 else "other"
    front["task_categories"] = ["text-generation", "question-answering"]
    front["size_categories"] = [next((name for bound, name in _SIZES.items() if total < bound), "n>10M")]
    front["tags"] = ["science", "reasoning", "sciinstruct"]
    front["configs"] = [
        {"config_name": "instructions", "data_files": "instructions.parquet", "default": True},
        {"config_name": "attempts", "data_files": "attempts.parquet"},
        {"config_name": "rejected", "data_files": "rejected.parquet"},
    ]
    return str(yaml.safe_dump(front, sort_keys=False, allow_unicode=True))


def _summary(manifest: Mapping[str, Any], counts: Counter[tuple[Any, ...]]) -> str:
    checked: Counter[str] = Counter()
    for (verdict, rule), count in _by(counts, "verdict", "rule"):
        checked["not checked" if verdict != "right" else _DECIDED_BY_A_MODEL.get(rule, "right by a rule")] += count
    shares = ", ".join(f"{count:,} {how}" for how, count in checked.items()) or "none"
    unfinished = "" if manifest.get("state") == "finished" else "\n**The run has not ended: more may come.**\n"
    lead = f"{counts.total():,} science questions with step-by-step reasoning; final answers: {shares}."
    return f"{lead}\n{unfinished}\n{_ABOUT}"


def _stage_table(counts: Counter[tuple[Any, ...]]) -> str:
    by_stage = dict(_by(counts, "stage"))
    rows = [((stage, words), by_stage.get((stage,), 0)) for stage, words in _STAGES.items()]
    return _table(("stage", "meaning", "instructions"), [row for row in rows if row[1]])


def _making(manifest: Mapping[str, Any]) -> str:
    lines = [f"- {stage}: {_text(name)}" for stage, name in manifest.get("models", {}).items()]
    if lines:
        lines.insert(0, "Models by stage:\n")
        lines.append("")
    lines.append(_LOOP)
    prompts = manifest.get("prompts", {})
    facts = [f"prompts {language} {_text(about.get('version'))}" for language, about in prompts.items()]
    facts += [f"{name} {_text(manifest[name])}" for name in ("seed", "rules") if name in manifest]
    facts += [f"{name} {_text(number)}" for name, number in manifest.get("versions", {}).items() if name != "platform"]
    if facts:
        lines.append(f"Versions: {', '.join(facts)}.\n")
    return "\n".join(lines)


def _attrition(attrition: Mapping[str, Any]) -> str:
    if not attrition:
        return "The manifest has no counts.\n"
    unusable = attrition.get("unusable", {})
    totals = [
        (("rows read",), attrition.get("rows", 0)),
        (("identical rows, counted once",), attrition.get("duplicates", 0)),
        *(((f"rows not used: {reason}",), count) for reason, count in unusable.items()),
        (("questions",), attrition.get("questions", 0)),
        (("accepted",), attrition.get("accepted", 0)),
        (("rejected",), attrition.get("rejected", 0)),
        (("open",), attrition.get("open", 0)),
    ]
    stages = []
    for stage, about in attrition.get("stages", {}).items():
        rejected = about.get("rejected", {})
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in rejected.items())
        cells = (stage, f"{about.get('entered', 0):,}", f"{about.get('accepted', 0):,}", reasons)
        stages.append((cells, about.get("passed_on", 0)))
    return (
        _table(("", "count"), totals) + "\n" + _table(("stage", "entered", "accepted", "rejected", "passed on"), stages)
    )


def _by(counts: Counter[tuple[Any, ...]], *columns: str) -> list[tuple[tuple[str, ...], int]]:
    """Counts by some of the columns, the largest first."""
    places = [_COLUMNS.index(column) for column in columns]
    sums: Counter[tuple[str, ...]] = Counter()
    for values, count in counts.items():
        sums[tuple(_UNKNOWN if values[place] is None else str(values[place]) for place in places)] += count
    return sorted(sums.items(), key=lambda item: (-item[1], item[0]))


def _table(head: tuple[str, ...], rows: Iterable[tuple[tuple[str, ...], int]]) -> str:
    """A Markdown table whose last column is a count."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * (len(head) - 1)} ---: |"]
    lines += [f"| {' | '.join(map(_text, cells))} | {count:,} |" for cells, count in rows]
    return "\n".join(lines) + "\n"


def _text(value: Any) -> str:
    """A value of the data as text of a card: one line, no markup of its own."""
    text = html.escape(" ".join(str(value).split()), quote=False)
    return "".join("\\" + sign if sign in "|`*_[]\\" else sign for sign in text)[:200]
