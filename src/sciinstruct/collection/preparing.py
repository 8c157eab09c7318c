"""One question made ready: its text in one spelling, its tags; what it was before is kept in `meta`."""

from __future__ import annotations

from typing import Any

import msgspec

from ..records import Question
from .normalising import debris, normalised
from .subjects import subject_of
from .tags import question_type, subject_named, tags_of, topic_of

__all__ = ["prepared"]

# Only this program may say these things of a question; what an input claims is dropped.
_OWN_KEYS = ("tags", "original", "contamination", "template_of", "lean", "original_id")


def prepared(question: Question) -> Question:
    """The question normalised and tagged.

    `meta` gets `tags` (answer_type, checkable, needs_figure, debris, …), `original` (texts that were changed),
    `source_type` (the source's word for the type), `subject_by` where the subject was found by the classifier.
    """
    meta = {key: value for key, value in question.meta.items() if key not in _OWN_KEYS}
    changes: dict[str, Any] = {}
    if question.type != "proof":
        changes = _clean(question, meta)
    changed = msgspec.structs.replace(question, meta=meta, **changes)
    kind = question_type(changed)
    if question.type and question.type != kind:
        meta["source_type"] = question.type
    subject = subject_named(question.subject)
    if subject is None:
        subject, share = subject_of(changed)
        meta["subject_by"] = {"classifier": round(share, 2)}
    changed = msgspec.structs.replace(changed, type=kind, subject=subject)
    tags = tags_of(changed)
    damage = debris(changed.question) if kind != "proof" else []
    meta["tags"] = {**tags, "debris": damage} if damage else tags
    topic = changed.topic
    if topic is None and kind != "proof":
        topic = topic_of(changed)
        if topic is not None:
            meta["topic_by"] = "words"
    return msgspec.structs.replace(changed, meta=meta, topic=topic)


def _clean(question: Question, meta: dict[str, Any]) -> dict[str, Any]:
    """The normalised texts; the originals of those that changed go to `meta`."""
    text = normalised(question.question)
    options = question.options
    original: dict[str, Any] = {}
    if text != question.question:
        original["question"] = question.question
    if options is not None:
        clean = {letter: normalised(option) or option for letter, option in options.items()}
        if clean != options:
            original["options"] = options
            options = clean
    if original:
        meta["original"] = original
    return {"question": text or question.question, "options": options}
