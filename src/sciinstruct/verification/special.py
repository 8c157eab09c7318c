"""Answers in words that stand for a mathematical result: no solution, does not exist, infinity, empty set."""

from __future__ import annotations

import re

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["compare", "parse"]

_INFINITY = r"(?:\\infty|∞|infinity|inf)"
_MEANINGS = {
    "no solution": (
        r"(?:there (?:is|are) |has )?no (?:real |possible |valid |such )?(?:solutions?|roots?)(?: exists?)?",
        r"(?:方程)?无(?:实数)?解|无实(?:数)?根|没有(?:实数)?解|没有实数?根|unsolvable",
    ),
    "does not exist": (
        r"d\.?n\.?e\.?|(?:the )?(?:limit |it |maximum |minimum |value )?(?:does not|doesn't|do not|did not) exist",
        r"non-?existent|undefined|not defined|\\nexists|(?:极限)?不存在|无定义|未定义|无意义|没有意义",
    ),
    "infinity": (
        rf"\+? ?{_INFINITY}|(?:positive |plus ){_INFINITY}|infinite|divergent|diverges?(?: to {_INFINITY})?",
        r"正无穷(?:大)?|无穷(?:大)?|发散",
    ),
    "minus infinity": (rf"(?:-|negative |minus ) ?{_INFINITY}|负无穷(?:大)?",),
    "infinitely many": (
        r"infinitely many(?: solutions)?|infinite(?:ly many)? (?:number of )?solutions?",
        r"an infinite number(?: of solutions)?|无数(?:个|多个)?(?:解)?|无穷多(?:个)?(?:解)?",
    ),
    "empty set": (r"\\emptyset|∅|Ø|ø|(?:the )?(?:empty|null) set|空集|\\\{ ?\\\}|\{ ?\}",),
    "none of the above": (
        r"none of (?:the above|these|the (?:given )?(?:options|choices|answers)|them)(?: (?:is|are) correct)?|neither",
        r"以上都不(?:是|对|正确)|都不对",
    ),
    "all of the above": (r"all of (?:the above|these|them)|以上都(?:是|对|正确)",),
    "all real numbers": (
        r"all real(?: number)?s?|all real (?:values|x)|every real number|(?:全体|一切|任意)实数",
        r"(?:x )?\\in ?\\(?:mathbb|R) ?\{?R?\}?|\\mathbb ?\{?R\}?|ℝ|R|\( ?-(?:\\infty|∞) ?, ?\+?(?:\\infty|∞) ?\)",
    ),
    "cannot be determined": (
        r"(?:it )?(?:cannot|can't|can not|could not) be (?:determined|known|decided)"
        r"(?: (?:from|with|by)(?: the)?(?: given| available)? (?:information|data)(?: given| provided| available)?)?",
        r"(?:not enough|insufficient) information|indeterminate|无法(?:确定|判断)|不能确定|不确定",
    ),
    "no change": (
        r"(?:no|without) change|unchanged|does not change|doesn't change",
        r"(?:remains?|stays?) (?:the same|unchanged|constant)|(?:保持)?不变|没有变化|无变化",
    ),
}
_PATTERNS = {
    meaning: re.compile(rf"(?:{'|'.join(patterns)})", 0 if meaning == "all real numbers" else re.IGNORECASE)
    for meaning, patterns in _MEANINGS.items()
}
_LEAD = re.compile(
    r"^(?:therefore|thus|hence|so"
    r"|the (?:answer|solution set|solution|limit|result|equation|system|set|series|integral|value)"
    r"|方程组?|极限|答案|解集|[a-zA-Z])? ?(?:is|are|has|=|:|为|是|,|\\in|∈)? ?(?:there (?:is|are) )?",
    re.IGNORECASE,
)
_BARE_BRACES = re.compile(r"\{ {0,3}\}")
_SAME = frozenset(("no solution", "empty set"))
"An equation without a solution has the empty set of solutions."


def parse(text: str) -> str | None:
    """The meaning that `text` is as a whole (a key such as "no solution"); None where it has none."""
    if _BARE_BRACES.fullmatch(text[:20].strip(" $")):
        return "empty set"  # markup, to `clean`
    text = clean(text).strip(" .。!")
    if len(text) > 80:
        return None
    return _meaning(text) or _meaning(
        text[match.end() :] if (match := _LEAD.match(text)) and match.end() < len(text) else text
    )


def _meaning(text: str) -> str | None:
    return next((meaning for meaning, pattern in _PATTERNS.items() if pattern.fullmatch(text)), None)


def compare(gold: str, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Compares the meaning of `answer` with the reference's; an answer of another kind is wrong where it is short."""
    meaning = parse(answer)
    if meaning == gold:
        return right("words", f"both say {gold}")
    if meaning in _SAME and gold in _SAME:
        return right("words", f"{meaning} and {gold} say the same")
    if meaning is not None:
        return wrong("words", f"says {meaning}, the reference says {gold}")
    if re.fullmatch(r"[-+\d.,/ a-zA-Z=^{}()\\]{1,20}", clean(answer)) and re.search(r"\d", answer):
        return wrong("words", f"{shorten(answer)!r} is a value, the reference says {gold}")
    return unknown("words", f"{shorten(answer)!r} against {gold!r}")
