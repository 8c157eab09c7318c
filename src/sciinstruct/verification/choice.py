"""Multiple choice: one letter or several, or the option's text in place of its letter."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.quantity import parse as parse_quantity
from sciinstruct.verification.quantity import same_quantity
from sciinstruct.verification.text import plain_words
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["compare", "letters", "parse"]

_LEAD = re.compile(
    r"(?:(?:hence|so|thus|therefore|finally),? )?(?:the )?(?:correct )?"
    r"(?:answer|option|choice|选项|答案|正确的(?:选项)?|选)?s?"
    r"(?: is| are|应?为|应?是|"
    r":)*:? ?(?=[(\[{]?(?-i:[A-Z]{1,8}(?![a-z])))",
    re.IGNORECASE,
)
_LIST_LIMIT = 80
_LIST_TOKEN = re.compile(r"([A-Z]{1,10})(?![a-zA-Z])|(?:[ ,、;/&+()\[\]{}]|\band\b|和|与|及)+")
_LETTER_FIRST = re.compile(
    r"[(\[]?([A-Z])(?:[)\]:.、](?! ?[A-H](?![a-zA-Z]))|(?: ?[-—–] )|,(?= ?[a-z]))\.? ?(.*)", re.DOTALL
)
_LETTER_AND_TEXT = re.compile(r"([A-Z]) ((?:\(|because|since|as|which|for|with|correct|正确|项).*)", re.DOTALL)
_MORE_LETTERS = re.compile(
    r"(?:^|[ ,;(、])(?:and|or|和|与|或|option)? ?[(\[]([A-Z])[)\]]"
    r"|(?:^|[ ,;、])(?:and|or|和|与|或) ?([A-Z])(?![a-zA-Z'])|(?:^|[ ,;、])([A-H])[.:)](?= ?[^ ])"
)
_LOWER_LABEL = re.compile(r"(?:^|(?<= ))\([a-h]\)(?= |,|;|$)")
_CORRECT = re.compile(
    r"(?:综上所?述?|因此|所以|故)?[,，]? ?((?:选项)?[A-H](?:[、,和 ]{0,2}[A-H]){0,6})(?:项|选项|均|都)?正确"
    r"(?:[,;、 ]{0,2}[A-H](?:[、,和 ]{0,2}[A-H]){0,6}(?:项|选项|均|都)?(?:错误?|不正确))?"
)
_TRUE_STATEMENTS = re.compile(
    r"(?i:only |both )?(?:(?i:statements?|options?|choices?|answers?) )?([A-H](?:(?:, |,? and )[A-H]){0,6})"
    r" (?:is|are)(?: both| all)? (?:correct|true|right)"
)
_LOWER_CASE = re.compile(r"[a-h]|\([a-h]\)")
_PLAIN = re.compile(r"[*`\"“”]+|</?[a-z]{1,4}>")


def letters(text: str) -> str | None:
    """The letters that `text` names as its answer, sorted and run together; None where it states more or less."""
    text = _stripped(text)
    if correct := _CORRECT.fullmatch(text) or _TRUE_STATEMENTS.fullmatch(text):
        text = correct.group(1)
    if len(text) <= _LIST_LIMIT and (listed := _letter_list(text)):
        return listed
    match = _LETTER_FIRST.fullmatch(text) or _LETTER_AND_TEXT.fullmatch(text)
    if match is None:
        return None
    if _MORE_LETTERS.search(match.group(2)[:200]):
        return None
    return match.group(1)


def _stripped(text: str) -> str:
    text = _PLAIN.sub("", clean(text)).strip(" .。,;；:：")
    text = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text
    text = _LOWER_LABEL.sub(lambda match: match.group().upper(), text)
    return text.removesuffix("选项").removesuffix("项")


def _letter_list(text: str) -> str | None:
    """The letters of a text that consists of letters and separators alone; one lower-case letter counts too."""
    alone = text.strip("()[]{} .")
    if len(alone) == 1 and alone.isascii() and alone.isalpha():
        return alone.upper()
    found = ""
    at = 0
    while at < len(text):
        token = _LIST_TOKEN.match(text, at)
        if token is None:
            return None
        found += token.group(1) or ""
        at = token.end()
    return "".join(sorted(set(found))) or None


def parse(text: str, options: Mapping[str, str] | None = None) -> str | None:
    """The reference letters in `text` ("B", "ACD", "A, C", "(b)"), sorted; None where it is anything else.

    With options a lower-case letter is read too, and a letter before its own option ("B. 10 m/s").
    """
    text = clean(text).strip(" .。")
    if _LOWER_CASE.fullmatch(text) and (text.startswith("(") or options):
        text = text.upper()
    if options and (match := _LETTER_FIRST.fullmatch(text)) and match.group(2):
        named = options.get(match.group(1))
        return match.group(1) if named and plain_words(named) == plain_words(match.group(2)) else None
    compact = re.sub(r"[\s,、;()\[\]和与]|and", "", text)
    if re.fullmatch(r"[A-Z]{1,10}", compact) and len(set(compact)) == len(compact):
        ordered = "".join(sorted(compact))
        return ordered if options or ordered == compact else None  # CADBE is an order, not a choice
    return None


def compare(gold: str, answer: str, policy: Policy = DEFAULT, *, options: Mapping[str, str] | None = None) -> Verdict:
    """Compares the letters that `answer` names, or the option whose text it is, with the reference letters `gold`."""
    chosen = letters(answer)
    how = ""
    if chosen is not None and len(chosen) == 1 and options and _contradicts(chosen, answer, options):
        return unknown("choice", f"letter and text of the answer name different options: {shorten(answer)!r}")
    if options and (chosen is None or any(c not in options for c in chosen)):
        chosen = _by_text(answer, options, policy) or chosen
        how = " (named by its text)"
    if chosen is None:
        return unknown("choice", f"{shorten(answer)!r} names no option")
    if chosen == gold:
        return right("choice", f"chosen {chosen}{how}")
    return wrong("choice", f"chosen {chosen}{how}, the reference is {gold}")


def _contradicts(letter: str, answer: str, options: Mapping[str, str]) -> bool:
    """Does a text after the letter equal another option than that letter's?"""
    match = _LETTER_FIRST.fullmatch(_stripped(answer))
    text = plain_words(match.group(2)) if match else ""
    if not text:
        return False
    same = [key for key, option in options.items() if plain_words(option) == text]
    return bool(same) and letter not in same


def _by_text(answer: str, options: Mapping[str, str], policy: Policy) -> str | None:
    """The letter of the one option whose text, or whose quantity, `answer` states."""
    stated = plain_words(answer)
    if not stated:
        return None
    same = [key for key, option in options.items() if plain_words(option) == stated]
    if not same and (quantity := parse_quantity(answer)):
        parsed = {key: parse_quantity(option) for key, option in options.items()}
        same = [key for key, q in parsed.items() if q and same_quantity(q, quantity, policy).value == "right"]
    return same[0] if len(same) == 1 else None
