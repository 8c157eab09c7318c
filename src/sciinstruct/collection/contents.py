r"""What a question says, apart from how it is set: folded words and numbers, and how alike two questions are.

Folding removes case, spacing, punctuation, LaTeX markup and notation ("\times", "×" and "*" are one sign), so that
another typesetting of a question has the same words. Numbers are kept apart: the same words with other numbers are
another question from the same template.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from sys import intern
from typing import Literal

from ..records import Question

__all__ = ["Alike", "Content", "alike", "content_of", "folded", "words_of"]

_SCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹]+|[₀₁₂₃₄₅₆₇₈₉]+")
_FRACTIONS = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_GREEK = {chr(code): unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x3B1, 0x3CA)}
_GREEK |= {chr(code): unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x391, 0x3AA) if code != 0x3A2}
_SIGNS = str.maketrans(
    {
        **{sign: f" {name} " for sign, name in _GREEK.items()},
        "ς": " sigma ", "λ": " lambda ", "Λ": " lambda ", "√": " sqrt ", "∞": " infty ", "∫": " int ", "∑": " sum ",
        "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "⁄": "/", "≤": "<=", "≥": ">=",
        "’": "", "‘": "",
    }
)  # fmt: skip
_OPERATORS = re.compile(
    r"\\(?:(?P<times>times|cdot|ast)|(?P<over>div|[dtc]?frac)|(?P<less>leq?(?:slant)?)|(?P<more>geq?(?:slant)?))(?![a-zA-Z])"
)
_OPERATOR = {"times": "*", "over": "/", "less": "<=", "more": ">="}
# Commands that say how to set, or for which there is a sign that folding drops anyway.
_DROPPED = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|textstyle|limits|mathrm|mathbf|mathit|mathsf|mathcal|mathbb|boldsymbol"
    r"|text(?:rm|it|bf|sf)?|operatorname|mbox|hbox|ce|bm|rm|bf|it|vec|overrightarrow|overline|hat|bar|tilde|quad|qquad"
    r"|cdots|ldots|dots|pm|mp|star|circ|degree|prime|sim|approx|equiv|neq?|lt|gt|to"
    r"|(?:long)?(?:left|right)arrow|[Rr]ightarrow|begin|end|item|hline|underline|boxed|textdollar|textbackslash"
    r"|textquotesingle|triangle|angle|nolimits|cdotp|colon|mid|lvert|rvert|parallel|perp|backslash)(?![a-zA-Z])"
)
_TOKEN = re.compile(
    r"(?:- ?)?(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d*\.\d+|\d+)|[a-z]+|[\u3400-\u4dbf\u4e00-\u9fff]|[+*/^=<>-]"
)
_DIGITS = frozenset("0123456789")
_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_SPELLED = {word: str(number) for number, word in enumerate(_SMALL, start=2)}
# "(2005 AMC 10B Problem, Question 20)" says where a question stood, not what it asks.
_PROVENANCE = re.compile(r"\(\s*\$*\s*(?:19|20)\d\d\$*[^()]{0,60}?(?:AMC|AIME|Problem|Question)[^()]{0,60}\)")
# A stem that says nothing without its options.
_ASKS_FOR_AN_OPTION = re.compile(
    r"which (?:one )?of (?:the (?:following|statements|above)|these)|of the following|following (?:statements|is|are)"
    r"|which (?:statement|is|are)\b|select |choose |下列|以下|下面|说法|叙述|正确的是|错误的是|不正确|选项",
    re.IGNORECASE,
)


def folded(text: str) -> list[str]:
    """The words, numbers and operators of a text in order, in one notation; a Chinese character is a word."""
    if not text.isascii():
        text = _SCRIPTS.sub(_script, text)
        text = _FRACTIONS.sub(lambda match: f" {unicodedata.normalize('NFKC', match[0])} ", text)
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    if "\\" in text:
        text = _OPERATORS.sub(lambda match: _OPERATOR[match.lastgroup or "times"], text)
        text = _DROPPED.sub(" ", text)
    if "(" in text:
        text = _PROVENANCE.sub(" ", text)
    tokens = _TOKEN.findall(text.replace("'", "").lower())
    return [intern(_spelled(token)) for token in tokens]  # a word of 30,000 benchmark rows is kept once


def _script(match: re.Match[str]) -> str:
    digits = unicodedata.normalize("NFKC", match[0])
    return f"^{digits} " if match[0][0] in "⁰¹²³⁴⁵⁶⁷⁸⁹" else f" {digits} "


def _spelled(token: str) -> str:
    """A number in one spelling: without grouping commas, blanks and trailing zeros, figures for small number words."""
    if token[-1] not in _DIGITS:
        return _SPELLED.get(token, token)
    token = token.replace(",", "").replace(" ", "")
    if "." in token:
        token = token.rstrip("0").rstrip(".").replace("-.", "-0.")
        token = "0" + token if token[:1] == "." else token or "0"
    return token


@dataclass(frozen=True)
class Content:
    """What a question says: the folded words of its stem, its numbers, its options without their letters."""

    tokens: tuple[str, ...]
    options: frozenset[str]
    option_tokens: tuple[str, ...]
    needs_options: bool

    @cached_property
    def size(self) -> int:
        """How many words the stem has, numbers and operators aside."""
        return sum(token > "a" for token in self.tokens)

    @cached_property
    def words(self) -> Counter[str]:
        """The words of the stem."""
        return words_of(self.tokens)

    @cached_property
    def all_words(self) -> Counter[str]:
        """The words of stem and options together."""
        return self.words + words_of(self.option_tokens)

    @cached_property
    def numbers(self) -> Counter[str]:
        """The numbers of the stem."""
        return Counter(token for token in self.tokens if token[-1] in _DIGITS)

    @cached_property
    def skeleton(self) -> Counter[str]:
        """The words of the stem with its operators, and a place for each number."""
        signs = Counter("0" if token[-1] in _DIGITS else token for token in self.tokens if token[-1] <= ">")
        return self.words + signs

    @cached_property
    def exact(self) -> tuple[tuple[str, ...], frozenset[str]]:
        """What is equal for the same question in another typesetting or with its options in another order."""
        return self.tokens, self.options

    @cached_property
    def text(self) -> str:
        """Stem and options without blanks and operators, each number as "0": what grams are made of."""
        return _masked(self.tokens) + _masked(self.option_tokens)


def content_of(question: Question) -> Content:
    """What `question` says; for a formal proof, what its problem says in words (`file_doc`), if anything."""
    text = question.question
    if question.type == "proof":
        text = str(question.meta.get("file_doc") or "")
    tokens = tuple(folded(text))
    options = sorted(folded(option) or [option.strip()] for option in (question.options or {}).values())
    return Content(
        tokens,
        frozenset("".join(option) for option in options),
        tuple(token for option in options for token in option),
        bool(options) and (len(tokens) < 6 or bool(_ASKS_FOR_AN_OPTION.search(text))),
    )


@dataclass(frozen=True)
class Alike:
    """How two questions relate: `same`, from one `template`, or `other`; with the reason in words."""

    tier: Literal["same", "template", "other"]
    reason: str


# Least shares of the words (Dice), set on planted leaks and on real finds: docs/collect.md has the figures.
SAME_WORDS = 0.68
MORE_NUMBERS_WORDS = 0.72  # where one side has numbers that the other lacks
TEMPLATE_WORDS = 0.85
SHORT_WORDS = 0.95
CONTAINED_WORDS = 0.95
_SHORT = 8
_SAME_OPTIONS = 0.5
_SAME_STEM = 0.5  # equal options tell nothing of stems that differ more ("sufficient", "necessary", …)
_MANY_NUMBERS = 4  # so many equal numbers tell which question it is, even in a short text


def alike(one: Content, other: Content, weights: Mapping[str, float] | None = None) -> Alike:
    """Whether two questions are the same, from one template, or neither.

    Args:
        one: A question's content.
        other: The content that it is compared with, a benchmark's or an earlier question's.
        weights: How telling a word is (rare words more than common ones); 1 for words that are not in it.
    """
    if one.exact == other.exact:
        return Alike("same", "the same words, numbers and options")
    both = bool(one.options and other.options)
    options = _shared_options(one, other) if both else 0.0
    whole = both and (one.needs_options or other.needs_options)
    words = _dice(one.words, other.words, weights)
    if whole or (options >= _SAME_OPTIONS and words >= _SAME_STEM):
        all_words = _dice(one.all_words, other.all_words, weights)
        words = all_words if whole else max(words, all_words)
    shown = f"{words:.2f} of the words" + (f", {options:.2f} of the options" if both else "")
    if whole and options < _SAME_OPTIONS and words < TEMPLATE_WORDS:
        return Alike("other", f"the stem asks about its options, and they differ: {shown}")
    short = min(one.size, other.size) < _SHORT
    agree = one.numbers == other.numbers if short else _numbers_agree(one.numbers, other.numbers, words)
    told = options >= _SAME_OPTIONS or one.numbers.total() >= _MANY_NUMBERS
    needed = SAME_WORDS if told or not short else SHORT_WORDS
    if one.numbers != other.numbers:
        needed = max(needed, MORE_NUMBERS_WORDS)
    set_alike = not short or _dice(one.skeleton, other.skeleton, weights) >= needed
    if agree and words >= needed and set_alike and (options > 0 or not (short and both)):
        return Alike("same", f"the same numbers, {shown}")
    if not short and not whole and _contains(one, other, weights):
        return Alike("same", f"its whole text is in the question, {shown}")
    needed = SHORT_WORDS if short else TEMPLATE_WORDS
    if words >= needed and _dice(one.skeleton, other.skeleton, weights) >= needed:
        return Alike("template", f"{'other options' if agree else 'other numbers'}, {shown}")
    return Alike("other", shown)


def _shared_options(one: Content, other: Content) -> float:
    """The share of the options that are equal, or of their words where those are more (options may be reworded)."""
    equal = len(one.options & other.options) / min(len(one.options), len(other.options))
    first, second = words_of(one.option_tokens), words_of(other.option_tokens)
    return max(equal, _dice(first, second, None)) if min(first.total(), second.total()) >= _SHORT else equal


def _masked(tokens: Sequence[str]) -> str:
    return "".join("0" if token[-1] in _DIGITS else token for token in tokens if token[-1] not in "+*/^=<>-")


def words_of(tokens: Sequence[str]) -> Counter[str]:
    """The words; of Chinese the characters and their pairs: pairs tell more, characters survive a changed neighbour."""
    words: Counter[str] = Counter()
    before = ""
    for token in tokens:
        if token > "\u3400":
            words[token] += 1
            if before:
                words[before + token] += 1
            before = token
        else:
            before = ""
            if token > "a":
                words[token] += 1
    return words


def _numbers_agree(one: Counter[str], other: Counter[str], words: float) -> bool:
    """Whether the numbers are the same; one side may lack some where the words are nearly all shared.

    What one side has more is often the name of an exam ("2005 AMC 10B, question 20").
    """
    fewer, more = sorted((one, other), key=Counter.total)
    if fewer == more:
        return True
    shared = (fewer & more).total()
    if shared < fewer.total():
        return shared >= 0.9 * more.total()
    return shared >= 0.75 * more.total() or words >= (0.8 if fewer else 0.9)


def _contains(one: Content, other: Content, weights: Mapping[str, float] | None) -> bool:
    """Whether nearly all words and all numbers of the `other` stem are in `one` (which has more around it)."""
    if not other.numbers <= one.numbers:
        return False
    return _weight(one.words & other.words, weights) >= CONTAINED_WORDS * _weight(other.words, weights)


def _weight(words: Counter[str], weights: Mapping[str, float] | None) -> float:
    if weights is None:
        return words.total()
    return sum(weights.get(word, 1.0) * count for word, count in words.items())


def _dice(one: Counter[str], other: Counter[str], weights: Mapping[str, float] | None) -> float:
    """Twice the shared weight over the sum of both."""
    both = _weight(one, weights) + _weight(other, weights)
    return 2 * _weight(one & other, weights) / both if both else 0.0
