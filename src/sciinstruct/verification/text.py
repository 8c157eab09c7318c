"""Short texts: equal after normalising case, articles, punctuation and known spellings; anything else stays unknown."""

from __future__ import annotations

import re

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean, words
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["compare", "plain_words"]

_GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "λ": "lambda", "μ": "mu", "π": "pi"},
    **{"σ": "sigma", "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "θ": "theta", "ν": "nu", "ρ": "rho"},
}
_GREEK_LETTER = re.compile(f"[{''.join(_GREEK)}]")
_GREEK_COMMAND = re.compile(rf"\\({'|'.join(_GREEK.values())})(?![a-z])")
_MARKS = re.compile(r"[\s\"'`*_.,;:!?()\[\]{}。，；：、！？（）【】-]+")
_ARTICLES = re.compile(r"^(?:an?|the|it is|they are|this is|答[:：]?|是|为) +|(?<= )(?:an?|the) +")
_LEAD = re.compile(r"^(?:the )?(?:(?:final|correct) )?answer(?: is|:) *|^答案[是为:]? *")
# Words that mean the same in a science answer (Chinese exam wording mostly).
_SYNONYMS = (
    (
        "增大",
        [
            "变大",
            "增加",
            "增多",
            "升高",
            "变多",
            "上升",
            "增强",
            "变强",
            "提高",
            "increase",
            "increases",
            "increased",
            "increasing",
            "rise",
            "rises",
            "larger",
        ],
    ),
    (
        "减小",
        [
            "变小",
            "减少",
            "降低",
            "变少",
            "下降",
            "减弱",
            "变弱",
            "decrease",
            "decreases",
            "decreased",
            "decreasing",
            "smaller",
            "fall",
            "falls",
        ],
    ),
    ("不变", ["保持不变", "不改变", "没有变化", "unchanged", "constant"]),
    ("相等", ["相同", "一样", "equal", "same"]),
    ("大于", ["高于", "多于", ">", "greater"]),
    ("小于", ["低于", "少于", "<", "less"]),
    ("等于", ["=", "equals"]),
    ("吸热", words("吸热反应 endothermic")),
    ("放热", words("放热反应 exothermic")),
    ("偏大", words("偏高")),
    ("偏小", words("偏低")),
    ("带正电", words("正电 正电荷 带正电荷 positive positively")),
    ("带负电", words("负电 负电荷 带负电荷 negative negatively")),
    ("向左", ["水平向左", "左", "leftward", "leftwards", "left", "to left"]),
    ("向右", ["水平向右", "右", "rightward", "rightwards", "right", "to right"]),
    ("顺时针", words("clockwise 顺时针方向")),
    ("逆时针", ["counterclockwise", "counter clockwise", "anticlockwise", "anti clockwise", "逆时针方向"]),
    ("向上", ["竖直向上", "上", "upward", "upwards", "up"]),
    ("向下", ["竖直向下", "下", "downward", "downwards", "down"]),
)
_MEANING = {word: head for head, words in _SYNONYMS for word in (head, *words)}
_SUBJECT = re.compile(
    r"^[\u4e00-\u9fffA-Za-z0-9_^{}]{0,8}?(?:将会|将|会|逐渐|应|是|为)?(?P<verdict>水平向[左右]|竖直向[上下]|向[左右上下]|"
    r"[增减变升降][大小加少高低强弱多]|保持不变|不变)(?:运动|移动|偏转|滑动|摆动)?$"
)
_GLOSS = re.compile(r" ?\((?!not\b|or\b|no\b|[IVX]+\))[A-Za-z][A-Za-z -]{2,40}\)$")
_LIST = re.compile(r",? \band\b |[,;，；、和]")
_AND = re.compile(r"\band\b|和|与", re.IGNORECASE)
_NEGATED = re.compile(r"不(?!变)|没|非|无|未|\b(?:not|no|never|neither|nor|without)\b|n't", re.IGNORECASE)


_SYMBOLS = re.compile(r"[\\^_=<>{}\[\]|+*/]|\d")
"Where one of these stands, every character counts and no punctuation is dropped."


_PLURAL = re.compile(r"(?<=[a-z]{3})(?<![sui])s\b|(?<=[a-z]) s\b")
_SPELLINGS = (
    (re.compile(r"(?<=[a-z]{3})our\b"), "or"),
    (re.compile(r"(?<=[a-z]{2})is(?=ations?\b|ed\b|ing\b|es?\b)"), "iz"),
    (re.compile(r"sulph"), "sulf"),
    (re.compile(r"aluminium"), "aluminum"),
    (re.compile(r"(?<=[a-z]{2})(?<![aeiou])re\b"), "er"),
    (re.compile(r"anti ?clockwise|counter clockwise"), "counterclockwise"),
)
_SAYS_OF = re.compile(
    r"(?!(?:what|which|who|if|reverse|opposite|other|rest|nothing|none|neither|nobody|question|nor?)\b)"
    r"(?:(?:this|that) )?[a-z]+ (?:(?:is|are|was|were) (?=[a-z])|(?=(?:con|di)verges$))"
)


def _folded(text: str) -> str:
    """Plain words in American spelling, without plural and possessive endings."""
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return _PLURAL.sub("", text)


def _statement_of(text: str) -> str:
    """What a short sentence says of its subject ("the reaction is exothermic"); `text` where it may deny it."""
    match = _SAYS_OF.match(text)
    return text if match is None or _NEGATED.search(match.group()) else text[match.end() :]


def _squashed(text: str) -> str:
    return clean(text).replace(" ", "").rstrip(".。,;").lower()


def plain_words(text: str) -> str:
    """`text` in lower case without punctuation, articles, markup and cue phrases; Greek letters by name."""
    text = clean(text).lower()
    text = _GREEK_COMMAND.sub(r"\1", _GREEK_LETTER.sub(lambda m: _GREEK[m.group()], text))
    text = _LEAD.sub("", _MARKS.sub(" ", text).strip())
    text = _ARTICLES.sub("", text)
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text).strip()


def compare(gold: str, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Right where both texts say the same words; wrong where one is the other's plain opposite; else unknown."""
    if _SYMBOLS.search(clean(gold)) or _SYMBOLS.search(clean(answer)):
        if _squashed(gold) == _squashed(answer):
            return right("text", "the same but for spaces and case")
        return unknown("text", f"{shorten(answer)!r} against {shorten(gold)!r}")
    ours, theirs = plain_words(gold), plain_words(answer)
    if ours and ours == theirs:
        return right("text", "same words")
    if ours and plain_words(_GLOSS.sub("", clean(answer))) == ours:
        return right("text", "same words, with a gloss in brackets")
    if (members := _members(gold)) and len(members) > 1 and _same_members(members, _members(answer), gold + answer):
        return right("text", "the same list")
    if ours and _folded(ours) in (_folded(theirs), _folded(_statement_of(theirs))):
        return right("text", "the same words in another form")
    if ours and ours.replace(" ", "") == theirs.replace(" ", ""):
        return right("text", "same words")
    first, second = _short_meaning(ours), _short_meaning(theirs)
    if first and second and not _LIST.search(clean(gold) + clean(answer)) and _same_subject(ours, theirs):
        if first == second:
            return right("text", f"{shorten(answer)!r} says {gold!r}")
        return wrong("text", f"{shorten(answer)!r} does not say {gold!r}")
    return unknown("text", f"{shorten(answer)!r} against {shorten(gold)!r}: the words differ")


def _members(text: str) -> list[str]:
    """The members of a list ("Phobos and Deimos"), in written order."""
    return [plain for part in _LIST.split(clean(text)) if (plain := plain_words(part))]


def _same_members(ours: list[str], theirs: list[str], text: str) -> bool:
    """The same members; in another order only if "and" joins them and none fills a blank of its own ("increases")."""
    if len(ours) == len(theirs) and all(map(_same_statement, ours, theirs)):
        return True
    free = _AND.search(text) is not None and not any(_short_meaning(member) for member in ours)
    return free and sorted(ours) == sorted(theirs)


def _same_statement(ours: str, theirs: str) -> bool:
    meaning = _short_meaning(ours)
    return ours == theirs or (meaning is not None and meaning == _short_meaning(theirs) and _same_subject(ours, theirs))


def _same_subject(ours: str, theirs: str) -> bool:
    """Do two short statements speak of the same thing, or one of them of nothing in particular?"""
    first, second = _subject_of(ours), _subject_of(theirs)
    return not first or not second or first == second


def _subject_of(text: str) -> str:
    match = _SUBJECT.match(text) if text not in _MEANING else None
    return text[: match.start("verdict")].rstrip("将会逐渐应是为") if match else ""


def _short_meaning(text: str) -> str | None:
    """The one meaning of a short statement of change or direction, None where it has none."""
    text = re.sub(r"^(?:it|they|this)(?: will| would)? ", "", text)
    if text in _MEANING:
        return _MEANING[text]
    match = _SUBJECT.match(text)
    if match is None or _NEGATED.search(text):
        return None
    return _MEANING.get(match.group("verdict"))
