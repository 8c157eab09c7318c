"""What a question is: type, answer type, whether it needs a figure, whether the rules can check its answer."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import yaml

from ..records import Question
from ..verification import Checkable, checkable

__all__ = ["SUBJECTS", "needs_figure", "question_type", "subject_named", "tags_of", "topic_of"]

SUBJECTS = ("physics", "chemistry", "math", "engineering", "eecs", "finance")
_SUBJECT_NAMES = {
    "physics": "physics", "物理": "physics", "chemistry": "chemistry", "化学": "chemistry", "math": "math",
    "maths": "math", "mathematics": "math", "数学": "math", "engineering": "engineering", "工程": "engineering",
    "eecs": "eecs", "computer science": "eecs", "ee&cs": "eecs", "electrical engineering": "engineering",
    "finance": "finance", "金融": "finance",
}  # fmt: skip

# A figure that the text points at and that is not there; "figure out" and "a three-figure number" point at none.
_FIGURE = re.compile(
    r"\b(?:in|from|see|following|accompanying|study) (?:(?:the|this|these|following|accompanying) )*"
    r"(?:figures?|diagrams?|pictures?|sketch)\b(?! (?:out|this|that))"
    r"|\bthe (?:figure|diagram|picture) (?:below|above|shows?|at|on|to)\b|\bfig(?:ure|s)?\.? ?\$?\(?\d"
    r"|\bshown (?:here|in (?:the )?(?:figure|diagram|graph|picture|sketch|fig)|on the (?:right|left|graph|grid|map))"
    r"|\b(?:spinner|cylinder|circuit|triangle|shape|graph|grid|square)s? (?:\w+ ){0,3}shown below"
    r"|如(?:下|右|左|上)?图|图(?:中(?!央)|示|所示)|(?:右|左|下|上|附)图|见图|图\$*[0-9一二三甲乙]",
    re.IGNORECASE,
)
_FIGURE_WORDS = ("fig", "diagram", "picture", "sketch", "shown", "图")
_DRAWN_IN_TEXT = re.compile(r"\\begin\{tikzpicture\}|\[asy\]")
_PROOF = re.compile(r"\b(?:prove|show) that\b|\bprove\b|证明|求证", re.IGNORECASE)
_CHOICE_TYPES = ("choice", "multiple_answer", "mcq", "选")
_FILL_IN = re.compile(r"_{2,}|\\underline|\\_\\_|填空|（ *）|\( *\)\s*[.。．]?\s*$|____")
_PARTS = re.compile(r"(?:^|[\s（(])(?:\(?[b-d]\)|（[2-4二三四]）|\((?:2|3|4|ii|iii|iv)\)|②|③)", re.MULTILINE)
_SENTENCE = re.compile(r"[.?!。？！；;]\s")
_COMPLEX_SENTENCES = 4
_COMPLEX_CHARACTERS = {"en": 450, "zh": 160}


def question_type(question: Question) -> str:
    """The paper's four types and proof: multiple_choice, fill_in, simple, complex, proof.

    The paper names simple and complex problem solving without a definition. Here a problem is complex if it has several
    parts, more than four sentences, or more than 450 characters (Chinese: 160).
    """
    kind = (question.type or "").lower()
    if question.options or any(word in kind for word in _CHOICE_TYPES):
        return "multiple_choice"
    text = question.question
    if kind == "proof" or (question.answer is None and _PROOF.search(text)):
        return "proof"
    if "fill" in kind or "填空" in kind or (kind != "numeric" and _FILL_IN.search(text)):
        return "fill_in"
    several = bool(_PARTS.search(text)) or len(_SENTENCE.findall(text)) > _COMPLEX_SENTENCES
    if several or len(text) > _COMPLEX_CHARACTERS.get(question.language or "en", 450):
        return "complex"
    return "simple"


def needs_figure(question: Question) -> bool:
    """Whether the text points at a figure that is not there; found by words, see docs/collect.md."""
    text = question.question
    low = text.lower()
    if not any(word in low for word in _FIGURE_WORDS):  # most texts: ten times faster than the pattern
        return False
    return bool(_FIGURE.search(text)) and not _DRAWN_IN_TEXT.search(text)


def subject_named(subject: str | None) -> str | None:
    """The subject in the project's words where the source's word for it is known; else as it is."""
    return _SUBJECT_NAMES.get(subject.strip().lower(), subject) if subject else None


@cache
def _topics() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    """For each subject a pattern of all its topics' words, and which topic a word is of."""
    table = yaml.safe_load((files(__package__) / "topics.yaml").read_text("utf-8"))
    made = {}
    for subject, topics in table.items():
        topic_by_word: dict[str, str] = {}
        for topic, words in topics.items():
            for word in words:
                topic_by_word.setdefault(word.lower(), topic)
        longest_first = sorted(topic_by_word, key=len, reverse=True)
        latin = "|".join(re.escape(word) for word in longest_first if word.isascii())
        other = "|".join(re.escape(word) for word in longest_first if not word.isascii())
        made[subject] = (re.compile(rf"\b(?:{latin})" + (f"|{other}" if other else "")), topic_by_word)
    return made


def topic_of(question: Question) -> str | None:
    """The topic whose words are in the text most often; None where there are none of any topic of the subject."""
    if question.subject not in _topics():
        return None
    pattern, topic_by_word = _topics()[question.subject]
    text = " ".join([question.question, *(question.options or {}).values()]).lower()
    counts = Counter(topic_by_word[word] for word in pattern.findall(text))
    order = list(dict.fromkeys(topic_by_word.values()))
    return max(counts, key=lambda topic: (counts[topic], -order.index(topic)), default=None)


def tags_of(question: Question) -> dict[str, Any]:
    """What goes into `meta.tags`: answer_type, checkable with its reason, needs_figure."""
    figure = needs_figure(question)
    if question.reasoning is not None:
        found = Checkable(
            False, "the question came with its reasoning", "proof" if question.type == "proof" else "none"
        )
    else:
        # The reader of words for figures above is the more careful one.
        meta = {key: value for key, value in question.meta.items() if key != "mentions_figure"}
        found = checkable(msgspec.structs.replace(question, meta=meta))
    tags: dict[str, Any] = {"answer_type": found.answer_type, "checkable": found.value, "needs_figure": figure}
    if found.reason:
        tags["reason"] = found.reason
    return tags
