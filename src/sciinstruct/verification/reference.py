"""Which type of answer a reference is: decided once per reference, on its own text, the question and the options."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from sciinstruct.records import Verdict
from sciinstruct.verification import choice, quantity, special, text, truth
from sciinstruct.verification.normalise import DEPTH_LIMIT, clean, depth
from sciinstruct.verification.policy import Policy

__all__ = ["Reference", "read_reference"]

Compare = Callable[[str, Policy], Verdict]


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference answer with its type (the rule's name) and the comparator of that type."""

    gold: str
    rule: str
    compare: Compare
    several: bool = False


def read_reference(gold: str, question: str | None, options: Mapping[str, str] | None) -> Reference:
    """The type of the reference `gold`: the first of the types, from the most specific on, that can read it."""
    letters = choice.parse(gold)
    if letters is not None and _is_choice(letters, question, options):
        return _reference(gold, "choice", partial(_choose, letters, options or {}))
    if options and (key := _option_of(gold, options)):
        return _reference(gold, "choice", partial(_choose, key, options))
    if depth(gold) > DEPTH_LIMIT:
        return _reference(gold, "text", partial(_text, gold))
    truth_value = truth.parse(gold)
    if truth_value is not None:
        return _reference(gold, "truth", partial(_truth, truth_value))
    meaning = special.parse(gold)
    if meaning is not None:
        return _reference(gold, "words", partial(_words, meaning))
    measured = quantity.parse(gold)
    if measured is not None:
        rule = "number" if measured.unit is None and not measured.words else "quantity"
        return _reference(gold, rule, partial(_quantity, measured))
    return _reference(gold, "text", partial(_text, gold))


def _reference(gold: str, rule: str, compare: Compare, several: bool = False) -> Reference:
    return Reference(gold, rule, compare, several)


def _choose(letters: str, options: Mapping[str, str], answer: str, policy: Policy) -> Verdict:
    return choice.compare(letters, answer, policy, options=options)


def _truth(value: bool, answer: str, policy: Policy) -> Verdict:
    return truth.compare(value, answer, policy)


def _words(meaning: str, answer: str, policy: Policy) -> Verdict:
    return special.compare(meaning, answer, policy)


def _quantity(gold: quantity.Quantity, answer: str, policy: Policy) -> Verdict:
    return quantity.compare(gold, answer, policy)


def _text(gold: str, answer: str, policy: Policy) -> Verdict:
    return text.compare(gold, answer, policy)


_OPTION_MARK = re.compile(r"(?:^|[\s\n(（])([A-H])[.、:：．)）]")


def _is_choice(letters: str, question: str | None, options: Mapping[str, str] | None) -> bool:
    """Are these letters labels of options? Given options decide; else options in the question; else A to F in order."""
    if options:
        return all(letter in options for letter in letters)
    if question:
        marks = set(_OPTION_MARK.findall(question))
        if len(marks) >= 2:
            return set(letters) <= marks | set("ABCD")
    return set(letters) <= set("ABCDEF")


def _option_of(gold: str, options: Mapping[str, str]) -> str | None:
    """The letter of the option that the reference repeats in words, if there is one."""
    plain = text.plain_words(clean(gold))
    same = [key for key, option in options.items() if text.plain_words(option) == plain]
    return same[0] if len(same) == 1 else None
