"""Quantities: a number with a unit, a percentage, an angle, a temperature, an amount of money.

The reference's unit rules. Dimensions must agree, temperatures in degrees are shifted, and an answer without the unit
is right only where its number is the reference's number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean, words
from sciinstruct.verification.number import Number, number_prefix, same_number
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.unit_table import NO_UNIT, Unit
from sciinstruct.verification.units import lookup, same_dimension, unit_prefix
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Quantity", "compare", "parse", "points_differ", "same_quantity", "strip_name"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, its unit (None where none is written), whether it is approximate, and the words after it."""

    number: Number
    unit: Unit | None
    approximate: bool = False
    words: str = ""
    unit_text: str = ""
    difference: bool = False
    name: str = ""


_APPROXIMATE = re.compile(
    r"^(?:\\approx(?![a-z])|\\sim(?:eq)?(?![a-z])|≈|~|∼|≃|≅|约为?|大约为?|近似为?|about|approximately|approx\.?|around|"
    r"roughly|nearly|circa|ca\.)"
    r" ?",
    re.IGNORECASE,
)
_ALONE = re.compile(r"\\\{ ?([^,;{}]{1,80}) ?\\\}")
_COUNTED = re.compile(r"^(?:答[:：]? ?)?(?:一共有?|总共有?|共计?有?|有)(?=[0-9零一二两三四五六七八九十百])")
_NAME = re.compile(
    r"^(?![0-9.+-])(?:[^=≈<>≤≥±,;:+*^_-]|_(?!\{)|[_^]\{[^{}]{1,20}\}|\^[*'∘o°]|"
    r"(?<=[A-Za-z])-(?=[A-Za-z])){1,80}?(?:=|≈|∼|\\approx(?![a-z])|\\sim(?:eq)?(?![a-z])|\\simeq(?![a-z])|"
    r":=)\ ?(?=[^=])"
)
_WORD_NAME = re.compile(
    r"^(?!no\b)[a-z][a-z ,'_{}^0-9\\()-]{0,80}? (?:is|are|was|equals|will be|would be|becomes)(?: (?:equal to|"
    r"about|approximately|around|roughly))? (?=[-+.\\(0-9$])"
    r"|^[\u4e00-\u9fffA-Za-z_{}0-9 ]{1,30}(?:等于|为|是|约为|大约为)[: ]?(?=[-+.\\(0-9零一二三四五六七八九十负])",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^[A-Za-z\u4e00-\u9fff][A-Za-z\u4e00-\u9fff _'-]{0,60}: ?(?=[-+.\\(0-9$~])")
_PAREN_UNIT = re.compile(r"^ ?[(\[] ?(?=[^)\]]{1,40}[)\]])")
_DIFFERENCE = re.compile(r"^(?:\\Delta|Δ|change in|difference)", re.IGNORECASE)
_SPELLED = re.compile(r"^[^0-9]*$")
# Words after a quantity that make it another statement than the bare quantity.
_OPEN_WORDS = re.compile(
    r"[0-9=<>±]|\b(?:or|either|and|not|no|if|unless|but|instead|per|times|minus|plus|maybe|perhaps|to|versus|vs|"
    r"wrong|incorrect|million|billion|different|opposite|other|except|without|non)\b|\b(?:squared|cubed|factorial)\b|以[上下内外]|或|和|且|不|而|错|选|^[零一二三四五六七八九十百千万亿]",
    re.IGNORECASE,
)
_SUBSTANCE = re.compile(r"^(?:of )?(?:[A-Z][a-z]?(?:_?\{?[0-9]{1,2}\}?)?){1,8}(?:\((?:aq|s|l|g)\))?$")
_VARIABLES = re.compile(r"[a-z]{1,2}")
_TOKEN = re.compile(r"[a-z0-9-]+|[\u4e00-\u9fff]")
_DIRECTION = re.compile(
    r"\b(?:left|right|up|down|upwards?|downwards?|north|south|east|west|in(?:ward|to)|out(?:ward)?|clockwise|"
    r"counter|negative|positive|hat)\b"
    r"|[上下左右东西南北]|顺时针|逆时针|\\hat",
    re.IGNORECASE,
)
_CURRENCY = re.compile(r"^(?P<sign>[+-] ?)?(?:US ?)?(?P<mark>[$¥€£]|USD|RMB|人民币) ?(?=[0-9.])")
_DENIED = re.compile(
    r"(?:不|非|没有?|\bnot|\bnever|n't)(?: be|可能|一定|会|能)? ?(?:是|为|等于|约为|is|equal to)?[:： =]*$"
    r"|\b(?:impossible|wrong|incorrect|false|doubt|don't|do not)\b",
    re.IGNORECASE,
)
_EQUALS = re.compile(r"=|≈|\\approx(?![a-z])")
_CONSTANT_LIMIT = 160
_CONSTANT = re.compile(
    r"\\(?:frac|sqrt|pi|times|cdot|log|ln|sin|cos|tan|exp|binom)(?![a-z])|[π√^*/+()×·÷]|[0-9a-z)] ?-|!|根号"
)
_VARIABLE = re.compile(
    r"(?<![\\a-zA-Z])(?!(?:arc|a)?(?:sin|cos|tan)(?![a-z])|(?:log|ln|exp|sqrt|pi|e)(?![a-zA-Z]))[a-zA-Z]"
)
_UNIT_START = re.compile(r"(?<=[0-9})πe°]) ?(?=[A-Za-zμΩÅ°%\u4e00-\u9fff]|\\(?:mu|Omega))|(?<=pi) (?=[A-Za-zμΩÅ])")
_SYMBOL_OF_MONEY = {"¥": "元", "RMB": "元", "人民币": "元", "USD": "$"}


def strip_name(text: str) -> str:
    """`text` without what names the value: "E = ", "the force is ", "速度为"; the value after the last "="."""
    for pattern in (_NAME, _WORD_NAME, _LABEL):
        for _ in range(4):
            match = pattern.match(text)
            if match is None or match.end() >= len(text):
                break
            text = text[match.end() :].lstrip()
    return text


def parse(text: str) -> Quantity | None:
    """The quantity that `text` states, with or without a name before it; None where it states none or several."""
    text = _below_zero(clean(text).rstrip(" .。,;；:").lstrip(" ,;；:"))
    difference = bool(_DIFFERENCE.match(text))
    named, text = text, strip_name(text).lstrip("= ")
    name = named[: len(named) - len(text)]
    if _DENIED.search(name):
        return None
    approximate = False
    if match := _APPROXIMATE.match(text):
        approximate, text = True, text[match.end() :]
    if match := _ALONE.fullmatch(text):
        text = match.group(1).strip()
    text = _COUNTED.sub("", text)
    quantity = (
        _plain_quantity(text, approximate, difference)
        or _constant_quantity(text, approximate, difference)
        or _end_of_chain(text, name + text, approximate, difference)
    )
    return replace(quantity, name=name) if quantity and name else quantity


def _below_zero(text: str) -> str:
    """`5°C below zero` and 零下5度 as -5°C."""
    text = _BELOW.sub(r"-\1", text)
    return _BELOW_IN_CHINESE.sub(r"\1°C", text)


_BELOW = re.compile(r"(?<![-0-9.])([0-9.]{1,8} ?(?:°|degrees )[a-zA-Z]{0,10}) below (?:zero|0)$")
_BELOW_IN_CHINESE = re.compile(r"(零下[0-9.]{1,8}) ?度$")


def _end_of_chain(text: str, whole: str, approximate: bool, difference: bool) -> Quantity | None:
    """The last member of `10/2 (1+19) = 100`, where the others have the same value."""
    members = [m.strip() for m in _EQUALS.split(text)]
    if not 2 <= len(members) <= 6:
        return None
    values = [
        _plain_quantity(m, approximate, difference) or _constant_quantity(m, approximate, difference) for m in members
    ]
    last = values[-1]
    if last is not None and last.unit and _WORKING.fullmatch(whole) and not any(map(_ends_in_name, members)):
        values = [v for v in values if v is not None]
    if last is None or any(v is None or _same_value(last, v, DEFAULT, "number").value != "right" for v in values[:-1]):
        return None
    return last


_WORKING = re.compile(
    r"[A-Za-zΔ\\][A-Za-z_{}0-9\\Δ]{0,12} ?="
    r"(?:(?!(?<![\\a-zA-Z])(?:[a-z]{4,}|(?:and|or|at|to|if|as|by|so|is|of|for)(?![a-zA-Z])))[^,;:<>≤≥≠\u4e00-\u9fff])+"
)
"`F = ma = 2 kg × 5 m/s² = 10 N`: a name, formulas, and a value at the end; no words."


def _ends_in_name(member: str) -> bool:
    """Does the name of another value stand after a quantity ("2 m/s t" in `v = 2 m/s t = 3 s`)?"""
    before, _, name = member.rpartition(" ")
    return (
        bool(before and name[0].isalpha())
        and _plain_quantity(before, False, False) is not None
        and (_plain_quantity(member, False, False) is None)
    )


def _plain_quantity(text: str, approximate: bool, difference: bool) -> Quantity | None:
    """A written number, its unit, words."""
    currency = _CURRENCY.match(text)
    if currency:
        text = (currency.group("sign") or "").strip() + text[currency.end() :]
    found = number_prefix(text)
    if found is None:
        return None
    number, end = found
    end = _after_uncertainty(text, number, end)
    unit, unit_end = _unit_after(text, end)
    if currency and unit is None:
        mark = currency.group("mark")
        unit = lookup(_SYMBOL_OF_MONEY.get(mark, mark))
    words = text[unit_end:].strip(" .。,;；")
    if words != "!" or text[end : end + 1] != "!":  # 5! is a factorial
        words = words.rstrip("!")
    if words and (not _words_allowed(text, unit_end, words) or _SPELLED.match(text[:end])):
        return None
    return Quantity(number, unit, approximate, words, text[end:unit_end].strip(), difference)


def _constant_quantity(text: str, approximate: bool, difference: bool) -> Quantity | None:
    """A constant expression with or without a unit: `3^2`, `2\\sqrt{3} m`, `\\frac{3}{16\\pi} W/m^2`."""
    if len(text) > _CONSTANT_LIMIT or not _CONSTANT.search(text):
        return None
    from sciinstruct.verification.expression import value_of

    for cut in (len(text), *[m.start() for m in _UNIT_START.finditer(text)][:8]):
        unit = unit_prefix(text[cut:].lstrip()) if cut < len(text) else None
        if cut < len(text) and (unit is None or unit[1] != len(text[cut:].lstrip())):
            continue
        value = None if _VARIABLE.search(text[:cut]) else value_of(text[:cut])
        if value is not None and abs(value) < 1e300:
            number = Number(Decimal(f"{value:.15g}"), None, integer=False, text=text[:cut].strip())
            return Quantity(number, unit[0] if unit else None, approximate, "", text[cut:].strip(), difference)
    return None


def _after_uncertainty(text: str, number: Number, end: int) -> int:
    """Where an uncertainty ("9.81 ± 0.02 m/s²") ends; `end` where there is none. Of two roots (1 ± 2) none is small."""
    sign = _UNCERTAINTY.match(text, end)
    found = number_prefix(text[sign.end() :]) if sign else None
    if sign is None or found is None:
        return end
    small = 0 < found[0].value < abs(number.value) / 5 and "." in text[: sign.end() + found[1]]
    return sign.end() + found[1] if small else end


_UNCERTAINTY = re.compile(r" ?(?:±|\\pm(?![a-z])|\+/-) ?")


def _unit_after(text: str, end: int) -> tuple[Unit | None, int]:
    """The unit that stands at `end` (in brackets or not) and where it ends."""
    if bracket := _PAREN_UNIT.match(text, end):
        inside = unit_prefix(text[bracket.end() :])
        close = bracket.end() + inside[1] if inside else -1
        if inside and text[close : close + 1] in ")]" and close < len(text):
            return inside[0], close + 1
        return None, end
    start = end
    while text[start : start + 1] in (" ", "-", "·") and start < end + 2:
        start += 1
    found = unit_prefix(text[start:])
    if found is None:
        return None, end
    unit, length = found
    after = text[start + length :]
    if after[:1].isalnum() and after[:1].isascii() and text[start + length - 1].isalnum():
        return None, end
    if after[:1] in ("(", "^", "_", "\\", "/", "*") and unit is not None and not after.startswith(("\\hat", "\\ ")):
        return None, end
    return unit, start + length


def _words_allowed(text: str, end: int, words: str) -> bool:
    """May these words follow a quantity without changing what it says?"""
    if _VARIABLES.fullmatch(words):
        return False
    if _SUBSTANCE.match(words):
        return text[end : end + 1] == " "
    if (
        len(words) > 60
        or not (words[0].isalpha() or words[0] == "(" or words.startswith("\\hat"))
        or _OPEN_WORDS.search(words)
    ):
        return False
    separated = text[end : end + 1] in " ,;(" or ord(text[end]) > 0x2E80
    return separated and not re.search(r"[\\^_{}+*/|]", words.replace("\\hat", ""))


def compare(gold: Quantity, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Compares the quantity that `answer` states with the reference `gold`; unknown where it states none."""
    other = parse(answer)
    if other is None:
        return unknown("quantity", f"{shorten(answer)!r} is not read as a quantity")
    return same_quantity(gold, other, policy)


def same_quantity(gold: Quantity, other: Quantity, policy: Policy) -> Verdict:
    """Right where number and unit agree by the policy."""
    rule = "number" if gold.unit is None and not gold.words else "quantity"
    verdict = _same_value(gold, other, policy, rule)
    if verdict.value == "right" and (objection := _words_differ(gold.words, other.words)):
        return unknown(rule, objection)
    if verdict.value == "right" and _names_differ(gold.name, other.name):
        return unknown(rule, f"same value, but of {shorten(other.name)!r} instead of {shorten(gold.name)!r}")
    return verdict


def _same_value(gold: Quantity, other: Quantity, policy: Policy, rule: str) -> Verdict:
    approximate = gold.approximate
    if gold.unit is None and other.unit is None:
        return same_number(gold.number, other.number, policy, rule=rule, approximate=approximate)
    if gold.unit is None or other.unit is None:
        return _one_unit_missing(gold, other, policy, rule)
    if not same_dimension(gold.unit, other.unit):
        return wrong(rule, f"{other.unit_text or 'the unit'} does not measure what {gold.unit_text or 'the unit'} does")
    if _counts(gold, other):
        return same_number(gold.number, other.number, policy, rule=rule, approximate=approximate)
    if gold.unit == other.unit:
        return _same_decimal(gold.number, other.number, policy, rule, approximate)
    return _converted(gold, other, policy, rule)


def _one_unit_missing(gold: Quantity, other: Quantity, policy: Policy, rule: str) -> Verdict:
    allowed = policy.missing_unit if other.unit is None else policy.extra_unit
    written = gold.unit if other.unit is None else other.unit
    assert written is not None
    if written == NO_UNIT:
        return same_number(gold.number, other.number, policy, rule=rule, approximate=gold.approximate)
    bare = _same_decimal(gold.number, other.number, policy, rule, gold.approximate)
    if written.dimension == NO_UNIT.dimension or written.dimension == _RADIAN:
        converted = _converted(gold, other, policy, rule)
        if converted.value == "right" or (bare.value == "right" and not policy.bare_percent):
            return converted
    if gold.unit is None and bare.value == "right" and written in (_PERCENT, _PERMILLE):
        return unknown(rule, f"{_show(other)} against {_show(gold)} without a sign")
    if not allowed and bare.value == "right":
        return wrong(rule, "the unit is missing" if other.unit is None else "the reference has no unit")
    if bare.value == "right":
        note = "the unit is missing" if other.unit is None else "the reference names no unit"
        return right(rule, f"{bare.reason}; {note}")
    return bare


_PERCENT, _PERMILLE = lookup("%"), lookup("‰")
_RADIAN = tuple(float(n == 7) for n in range(len(NO_UNIT.dimension)))


def _converted(gold: Quantity, other: Quantity, policy: Policy, rule: str) -> Verdict:
    """Compares after conversion to the reference's unit."""
    target, source = gold.unit or NO_UNIT, other.unit or NO_UNIT
    shifted = (target.offset or source.offset) and not gold.difference
    value = float(other.number.value) * source.factor + (source.offset if shifted else 0.0)
    value = (value - (target.offset if shifted else 0.0)) / target.factor
    if not abs(value) < 1e300:
        return wrong(rule, "the value is out of range")
    number = Number(Decimal(f"{value:.14g}"), None, integer=False, text=f"{value:.6g}")
    if shifted and abs(value - float(gold.number.value)) * target.factor < _DROPPED_KELVIN:
        return right(rule, f"{_show(other)} = {_show(gold)}")
    strict = replace(policy, rounding_error=policy.converted_error)
    verdict = _same_decimal(gold.number, number, strict, rule, gold.approximate)
    sign = "=" if verdict.value == "right" else "≠"
    return Verdict(verdict.value, rule, f"{_show(other)} {sign} {_show(gold)}")


_DROPPED_KELVIN = 0.16
"273 K is written for 0 °C: the .15 of the scale's zero may be dropped."


def _show(quantity: Quantity) -> str:
    return f"{quantity.number.text} {quantity.unit_text}".strip()


def _same_decimal(gold: Number, other: Number, policy: Policy, rule: str, approximate: bool) -> Verdict:
    """With a unit, integers are judged as decimals."""
    as_decimal = Number(gold.value, gold.place, integer=False, text=gold.text)
    return same_number(as_decimal, other, policy, rule=rule, approximate=approximate)


def _counts(gold: Quantity, other: Quantity) -> bool:
    """Do both count things ("5个"), or name a year: numbers that are exact?"""
    if gold.unit is None or gold.unit != other.unit:
        return False
    return gold.unit == NO_UNIT or (gold.unit_text == "年" and gold.number.integer and gold.number.value >= 1000)


def points_differ(gold: str, other: str) -> bool:
    """Do both texts begin with a function at a point (`f(1) = …`, `f'(0) = …`), and not with the same?"""
    if not (_AT_POINT.match(gold) and _AT_POINT.match(other)):
        return False
    return gold.split("=")[0].strip() != other.split("=")[0].strip()


def _names_differ(gold: str, other: str) -> bool:
    """Do two names in words ("最小值是"), or of a function at two points, name different things?"""
    if points_differ(gold, other):
        return True
    angles = [_ANGLE.findall(name) for name in (gold, other)]
    if all(angles) and angles[0] != angles[1]:
        return True
    ours, theirs = (set(_WORD_IN_NAME.findall(name.lower())) - _EMPTY_WORDS for name in (gold, other))
    if ours and theirs and not (ours <= theirs or theirs <= ours):
        return True
    first, second = ("".join(_CHINESE_IN_NAME.findall(name)) for name in (gold, other))
    return bool(first and second) and first not in second and second not in first


_AT_POINT = re.compile(r"[A-Za-z]['′]?\\?(?:prime)?(?:\^\{[^{}]*\})? ?\( ?-?[0-9.\\]")
_ANGLE = re.compile(r"(?:\\angle|∠) ?([A-Z]{1,3}|[1-9])")
_WORD_IN_NAME = re.compile(r"(?<![\\a-z])[a-z]{3,}")
_CHINESE_IN_NAME = re.compile(r"(?![是为等于的约])[\u4e00-\u9fff]")
_EMPTY_WORDS = words("the and are was for its value answer final approx about")


def _words_differ(gold: str, other: str) -> str | None:
    """Why two quantities may differ in spite of equal values: other words after them, or a missing direction."""
    if not gold or gold.lower() == other.lower():
        return None
    if not other and not _DIRECTION.search(gold):
        return None
    ours, theirs = set(_TOKEN.findall(gold.lower())), set(_TOKEN.findall(other.lower()))
    if other and (ours <= theirs or theirs <= ours):
        return None
    return f"same value, but {shorten(gold)!r} against {shorten(other)!r}"
