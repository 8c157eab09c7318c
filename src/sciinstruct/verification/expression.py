"""Expressions: are two formulas the same function of their variables, or two constants the same number?

Both sides are evaluated at fixed random points with 256 bits and a bound on the error (`evaluation`); nothing is
rewritten symbolically. Where one side has decimals, the tolerance of the policy applies, else equality is exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sciinstruct.records import Verdict
from sciinstruct.verification.agreement import Agreement, agreement, guarded, has_i
from sciinstruct.verification.evaluation import UndefinedError, evaluate, has_names, mpc
from sciinstruct.verification.expression_parser import Node, UnreadableError, read, read_name
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import Policy

__all__ = [
    "Expression",
    "compare",
    "is_label",
    "members",
    "parse",
    "read_answer",
    "read_value",
    "trimmed",
    "value_of",
    "without_approximation",
]

LIMIT = 1500
"Longer texts are no expressions."

_EQUALS = re.compile(r"=|≈|\\approx|\\simeq|\\equiv|≡|≃|:=")
_COMPARED = re.compile(
    r"[<>≤≥≠→⇌∈]|\\(?:le|ge|lt|gt|ne|in|to|rightarrow|subset|cup|cap|pm|mp|propto|sim)(?![A-Za-z])|[±∓∝∪∩;；]"
)
_REMARK = re.compile(r"[,，;；]?\s*(?:\(?\b(?:where|with|for all|assuming)\b|其中|（其中|\(其中).*$", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z一-鿿 ,'{}\\_^()-]{1,120}[:：]?")
_CONDITION = re.compile(
    r"\s(?:for|when|at|as|if)\s+[^,;，；]*?(?:[=<>≤≥→]|\\(?:to|in|gg|ll|rightarrow)(?![a-z]))[^,;，；]*$"
)
_PART = re.compile(r"\([a-h]\) +(?=\S)")
_REMARK_MARK = re.compile(r"\s|where|with|for|when|其中|[(（,，;；.]")
VALUE_OF: dict[Agreement, Literal["right", "wrong", "unknown"]] = {
    "equal": "right",
    "different": "wrong",
    "unknown": "unknown",
}
_APPROXIMATION = re.compile(r"(?<=.)(?:≈|\\approx(?![a-z])|\\simeq(?![a-z])|≃)[^=≈]*$")
_UNIT_NOTE = re.compile(r" \[ ?[A-Za-z/·^0-9{} -]{1,16} ?\]$")
_NEGATED = re.compile(r"\bnot\b|不|\\ne|≠|非")


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula that could be read: its cleaned text, its tree, and the remark behind it ("for x > 0")."""

    text: str
    node: Node
    remark: str = ""


def parse(text: str) -> Expression | None:
    """The expression that `text` consists of; None for equations, lists, prose and whatever cannot be read."""
    cleaned = trimmed(clean(text))
    if not cleaned or len(cleaned) > LIMIT or _COMPARED.search(cleaned) or _EQUALS.search(cleaned):
        return None
    try:
        return Expression(cleaned, read(cleaned), split_remark(clean(text))[1])
    except UnreadableError:
        return None


def compare(gold: Expression, answer: str, policy: Policy) -> Verdict:
    """Does `answer` (an expression, or `name = expression`) equal the reference?

    Unknown where it cannot be read, or where no point decides. Rule: "expression" ("complex" for complex constants).
    """
    rule = "complex" if _is_complex_constant(gold.node) else "expression"
    node, problem = read_answer(answer)
    if node is None:
        return Verdict("unknown", rule, problem)
    outcome, why = agreement(gold.node, node, policy)
    if outcome == "equal" and remarks_differ(gold.remark, answer):
        return Verdict("unknown", rule, "equal, but under other conditions")
    return Verdict(VALUE_OF[outcome], rule, why)


def split_remark(cleaned: str) -> tuple[str, str]:
    """A cleaned text as the formula and what is said around it: "(a)" before, "where x > 0" or "for r < a" behind."""
    part = _PART.match(cleaned)
    label = part.group().strip() if part else ""
    formula = cleaned[part.end() :] if part else cleaned
    match = _REMARK.search(formula)
    if match is None and (condition := _CONDITION.search(formula)) and _EQUALS.search(formula, 0, condition.start()):
        match = condition
    if match is None:
        return formula, label
    return formula[: match.start()].strip(), label + _REMARK_MARK.sub("", match.group())


def remarks_differ(remark: str, answer: str) -> bool:
    """Has the answer a remark, and another one than the reference?"""
    other = split_remark(clean(answer))[1] if remark else ""
    return bool(other) and other != remark


def trimmed(cleaned: str) -> str:
    """A cleaned text without remarks ("where x > 0", "for r < a") and closing punctuation."""
    text = _UNIT_NOTE.sub("", split_remark(cleaned)[0]).strip()
    while text and text[-1] in ".,;:。，；：!" and not text.endswith(("\\!", "\\,")):
        if text[-1] == "!" and (text[-2:-1].isalnum() or text[-2:-1] in ")]}"):
            break
        text = text[:-1].rstrip()
    return text


def members(cleaned: str) -> list[str]:
    """The sides of an equation or a chain of equations; a text without one has one member."""
    return [part.strip() for part in _EQUALS.split(cleaned)]


def without_approximation(cleaned: str) -> str:
    """`formula = ... ≈ 59.7 Ω` without its last part, where that cannot be read as an expression."""
    match = _APPROXIMATION.search(cleaned)
    if match is None or len(members(cleaned)) < 3 or read_value(members(cleaned)[-1]) is not None:
        return cleaned
    return cleaned[: match.start()].strip()


def is_label(text: str) -> bool:
    """Is this left side a name or words (`E_n`, `f(x)`, `Fraction of heat`), nothing that could be false?"""
    if read_name(text) is not None:
        return True
    return bool(_LABEL.fullmatch(text)) and not _NEGATED.search(text) and read_value(text) is None


@lru_cache(maxsize=256)
def read_value(text: str) -> Node | None:
    """The tree of an expression in cleaned text, None where it cannot be read."""
    if not text or len(text) > LIMIT or _COMPARED.search(text):
        return None
    try:
        return read(text)
    except UnreadableError:
        return None


def read_answer(answer: str) -> tuple[Node | None, str]:
    """The tree of an answer's value, behind `name =` if that stands there, or None and the reason in words."""
    cleaned = without_approximation(trimmed(clean(answer)))
    parts = members(cleaned)
    if len(parts) == 2 and read_name(parts[1]) and not is_label(parts[0]):
        parts.reverse()  # 2x+1 = y
    node = read_value(parts[-1])
    if node is None:
        return None, f"cannot read {_short(parts[-1])} as an expression"
    if any(read_value(part) is None for part in parts[1:-1]):
        return None, f"{_short(cleaned)} says several things"
    if len(parts) > 1 and not is_label(parts[0]):
        left = read_value(parts[0])
        if left is None or has_names(left) or agreement(left, node, Policy())[0] != "equal":
            return None, f"{_short(cleaned)} is an equation, not a value"
    return node, ""


@guarded
def value_of(text: str) -> float | None:
    """The real number that an expression without variables stands for, None where there is none."""
    node = read_value(trimmed(clean(text)))
    if node is None or has_names(node):
        return None
    try:
        value = evaluate(node, {})[0]
        return None if isinstance(value, mpc) else float(value)
    except (UndefinedError, OverflowError):
        return None


def _is_complex_constant(node: Node) -> bool:
    return has_i(node) and not has_names(node)


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
