"""Reading unit expressions: `kJ mol^{-1}`, `m/s^2`, `J/(mol·K)`, `square metres`, `kilograms per meter`, `米每秒`."""

from __future__ import annotations

import re
from functools import lru_cache

from sciinstruct.verification.normalise import words
from sciinstruct.verification.unit_table import (
    CHINESE_PREFIXES,
    DIMENSIONS,
    NAMED_PREFIXES,
    NAMES,
    NO_UNIT,
    PREFIXED,
    PREFIXED_NAMES,
    PREFIXES,
    Unit,
)

__all__ = ["lookup", "same_dimension", "unit_prefix"]

_LATEX = {
    r"\mu": "μ",
    r"\Omega": "Ω",
    r"\ohm": "Ω",
    r"\AA": "Å",
    r"\AngstromÅ": "Å",
    r"\circ": "°",
    r"\deg": "°",
    r"\prime": "′",
    r"\cdot": "·",
    r"\times": "·",
    r"\ell": "L",
    r"\per": "/",
}
_COMMAND = re.compile(r"\\(?:mu|Omega|ohm|AA|circ|deg|prime|cdot|times|ell|per)(?![a-zA-Z]) ?")
_WORD = re.compile(
    r"(?:°|% |%|‰|′′?|″|\$|¢|℧|'{1,2}(?![a-z])|[a-zA-ZμΩÅÅℓö]+(?:_\{?[a-zA-Z0-9]\}?)?|[\u4e00-\u9fff]{1,6})"
    r"(?:(?<=°) ?[CFKR](?![a-zA-Z]))?"
)
_POWER = re.compile(
    r" ?(?:\^|\*\*) ?(?:\{ ?([+-]?) ?([0-9](?:[./][0-9])?) ?\}|\(([+-]?)([0-9](?:[./][0-9])?)\)|"
    r"([+-]?)([0-9](?:\.[0-9])?))"
    r"|()(?<=[a-zA-Z])([23])(?![0-9.])|([-+])([1-4])(?![0-9.])"
)
_JOIN = re.compile(
    r" ?(?:[·*.⋅×]|\\cdot(?![a-z])|\\times(?![a-z])) ?(?=[a-zA-ZμΩÅ\\(°\u4e00-\u9fff])| ?- ?(?=[a-zA-Z°μΩ])| +|"
)
_DIVIDE = re.compile(r" ?(?:/|÷) ?| ?(?:per|every|每)(?![a-z]) ?", re.IGNORECASE)
_POWER_WORDS = {
    "square": 2.0,
    "sq": 2.0,
    "cubic": 3.0,
    "cu": 3.0,
    "平方": 2.0,
    "二次方": 2.0,
    "三次方": 3.0,
    "立方": 3.0,
}
_AFTER_WORDS = {"squared": 2.0, "cubed": 3.0, "force": None}
_CHINESE_NAMES = tuple(sorted((n for n in {**NAMES, **PREFIXED_NAMES} if n[0] >= "\u4e00"), key=len, reverse=True))
_PHRASES = re.compile(
    r"(lbs?|pounds?)[ -](?:force|f)\b|((?:ft|foot|feet|in|inch)[ .·-]{1,3}(?:lbs?f?|pounds?)|(?:lbs?f?|"
    r"pounds?)[ .·-]{1,3}(?:ft|foot|feet|in|inch))\b|(degrees?|deg)[ .]{1,2}(c|f|celsius|fahrenheit|kelvin|"
    r"centigrade|rankine)\b"
    r"|(mm|cm|in)[ .]{0,2}(?:of )?(?:hg|mercury)\b|(electron)[ -]volts?\b|(metric) tons?\b|(light)[ -]years?\b",
    re.IGNORECASE,
)
_JOINED_FIRST = words("J kJ N kN W kW V kV A mA C Pa kPa kg T Ω eV MeV ft lb g L")
_JOINED_SECOND = words("m cm s h K mol lb lbf ft atm")
_NOT_JOINED = words("Am As Cm Cs Cd Tm Th")
_DEPTH = 8


def unit_prefix(text: str) -> tuple[Unit, int] | None:
    """The longest unit expression that cleaned `text` begins with, and where it ends; None where there is none."""
    return _product(text, 0, 0)


def same_dimension(first: Unit, second: Unit) -> bool:
    """Do two units measure the same kind of quantity? Radians count as no unit, except against cycles (hertz)."""
    angle = 7
    if first.dimension == second.dimension:
        return first.cycles == second.cycles or first.dimension[angle] == 0.0
    if first.cycles or second.cycles:
        return False
    return all(a == b for n, (a, b) in enumerate(zip(first.dimension, second.dimension, strict=True)) if n != angle)


def _product(text: str, start: int, level: int) -> tuple[Unit, int] | None:
    """unit (join unit | "/" unit)*; what is joined after a slash is below the line too: J/mol·K is J/(mol·K)."""
    found = _factor(text, start, level)
    if found is None:
        # "1/s", "/mol": nothing above the line
        divide = _DIVIDE.match(text, start)
        first = _factor(text, divide.end(), level) if divide and divide.end() > start else None
        if first is None:
            return None
        unit, end = first[0] ** -1, first[1]
    else:
        unit, end = found
    below = False
    while end < len(text):
        divide = _DIVIDE.match(text, end)
        if divide and divide.end() > end:
            found = _factor(text, divide.end(), level)
            if found is None:
                break
            unit, end, below = unit * found[0] ** -1, found[1], True
            continue
        join = _JOIN.match(text, end)
        if level == 0 and join and join.group().isspace() and _is_amount(unit) and _ELEMENT.match(text, join.end()):
            break  # "5 g C" is five grams of carbon
        found = _factor(text, join.end() if join else end, level)
        if found is None or (
            join is not None and join.end() == end and text[end : end + 1].isalpha() and text[end - 1].isalpha()
        ):
            break
        raised = _NEGATIVE.search(text[end : found[1]]) is not None
        unit, end = unit * (found[0] ** -1 if below and not raised else found[0]), found[1]
    return unit, end


_NEGATIVE = re.compile(r"\^ ?[{(]? ?-|-[0-9]")


_ELEMENT = re.compile(r"[CNHKSFPVWIBUO](?:_?\{?[0-9]{0,3}\}?)(?:[A-Z][A-Za-z0-9_{}]*)?(?=[\s,;)]|$)")


def _is_amount(unit: Unit) -> bool:
    """Is it a bare mass, amount of substance or volume?"""
    powers = {name: power for name, power in zip(DIMENSIONS, unit.dimension, strict=True) if power}
    return powers in ({"kg": 1.0}, {"mol": 1.0}, {"m": 3.0})


def _factor(text: str, start: int, level: int) -> tuple[Unit, int] | None:
    if start >= len(text):
        return None
    if text[start] in "({":
        if level >= _DEPTH:
            return None
        inner = _product(text, start + 1, level + 1)
        if inner is None:
            return None
        end = inner[1] + (text[inner[1] : inner[1] + 1] == " ")
        if text[end : end + 1] not in (")", "}"):
            return None
        return _raise(inner[0], text, end + 1)
    if phrase := _PHRASES.match(text, start):
        return _raise(_phrase_unit(phrase), text, phrase.end())
    if command := _COMMAND.match(text, start):
        rest = _LATEX[command.group().strip()]
        word = re.compile(r"[a-zA-Z]{1,4}").match(text, command.end())
        if word and (unit := lookup(rest + word.group())):
            return _raise(unit, text, word.end())
        unit = lookup(rest)
        return _raise(unit, text, command.end()) if unit else None
    word = _WORD.match(text, start)
    return _read_word(text, word) if word else None


def _read_word(text: str, word: re.Match[str]) -> tuple[Unit, int] | None:
    spelled = word.group().strip()
    if spelled[0] >= "\u4e00":
        return _chinese(text, word.start())
    power = _POWER_WORDS.get(spelled.lower())
    if power is not None:
        found = _factor(text, word.end() + (text[word.end() : word.end() + 1] in " .-"), _DEPTH)
        return (found[0] ** power, found[1]) if found else None
    if text.startswith("\\Omega", word.end()) or text.startswith("\\mu", word.end()):
        symbol = _LATEX["\\Omega"] if text.startswith("\\Omega", word.end()) else _LATEX["\\mu"]
        unit = lookup(spelled + symbol)
        return _raise(unit, text, word.end() + (6 if symbol == "Ω" else 3)) if unit else None
    unit = lookup(spelled.replace(" ", ""))
    if unit is not None:
        return _raise(unit, text, word.end())
    return _joined(spelled, text, word.end())


def _joined(spelled: str, text: str, end: int) -> tuple[Unit, int] | None:
    """`JK`, `Nm`, `kWh`, `ftlb`: two units run together; only such as cannot be an element's symbol or a word."""
    for cut in range(1, min(len(spelled), 4)):
        if spelled[:cut] in _JOINED_FIRST and spelled[cut:] in _JOINED_SECOND and spelled not in _NOT_JOINED:
            first, second = _symbol(spelled[:cut]), _symbol(spelled[cut:])
            if first and second:
                raised = _raise(second, text, end)
                return first * raised[0], raised[1]
    return None


def _raise(unit: Unit, text: str, end: int) -> tuple[Unit, int]:
    """`unit` to the power that stands at `end`, and where that ends."""
    match = _POWER.match(text, end)
    if match is None:
        after = re.compile(r" (squared|cubed)(?![a-z])").match(text, end)
        if after:
            return unit ** (_AFTER_WORDS[after.group(1)] or 1.0), after.end()
        return unit, end
    groups = match.groups()
    sign, digits = next((groups[n] or "", groups[n + 1]) for n in range(0, len(groups), 2) if groups[n + 1])
    above, _, below = digits.partition("/")
    power = float(above) / float(below or 1) if float(below or 1) else 1.0
    return unit ** (-power if sign == "-" else power), match.end()


def _phrase_unit(match: re.Match[str]) -> Unit:
    force, torque, degrees, scale, mercury, _electron, metric, light = match.groups()
    if force:
        return NAMES["lbf"]
    if torque:
        return NAMES["lbf"] * NAMES["in" if re.search("in", torque, re.IGNORECASE) else "ft"]
    if degrees:
        return {"c": NAMES["°C"], "f": NAMES["°F"], "k": NAMES["°K"], "r": NAMES["°R"]}[scale[0].lower()]
    if mercury:
        return NAMES[mercury.lower() + "Hg"]
    if metric:
        return NAMES["ton"]
    return NAMES["ly"] if light else PREFIXED["eV"]


def _chinese(text: str, start: int) -> tuple[Unit, int] | None:
    word = next((w for w in _POWER_WORDS if w[0] >= "\u4e00" and text.startswith(w, start)), "")
    power = _POWER_WORDS.get(word)
    at = start + len(word)
    factor = 1.0
    for name in _CHINESE_NAMES:
        if text.startswith(name, at):
            break
    else:
        factor = CHINESE_PREFIXES.get(text[at : at + 1], 0.0)
        at += 1
        name = next((n for n in _CHINESE_NAMES if text.startswith(n, at)), "") if factor else ""
    if not name:
        return None
    unit = PREFIXED_NAMES.get(name) or NAMES[name]
    if factor != 1.0:
        unit = Unit(unit.factor * factor, unit.dimension, 0.0, unit.cycles)
    return _raise(unit ** (power or 1.0), text, at + len(name))


@lru_cache(maxsize=2048)
def lookup(word: str) -> Unit | None:
    """The unit that a single `word` names: a symbol with or without prefix, or a full name in any case and number."""
    return _symbol(word) or _full_name(word.lower()) or (NAMES.get(word.lower()) if len(word) > 1 else None)


def _symbol(word: str) -> Unit | None:
    unit = NAMES.get(word) or PREFIXED.get(word)
    if unit is not None:
        return unit
    for length in (1, 2):
        factor = PREFIXES.get(word[:length])
        base = PREFIXED.get(word[length:]) if factor else None
        if factor and base:
            return Unit(base.factor * factor, base.dimension, 0.0, base.cycles)
    return None


def _full_name(word: str) -> Unit | None:
    if len(word) < 3:
        return NAMES.get(word) if word in ("hz",) else None
    for stem in (
        word,
        word.removesuffix("s"),
        word.removesuffix("es"),
        word.removesuffix("."),
        word.removesuffix("ies") + "y",
    ):
        unit = NAMES.get(stem) or PREFIXED_NAMES.get(stem)
        if unit is not None:
            return unit
        for prefix, factor in NAMED_PREFIXES.items():
            base = PREFIXED_NAMES.get(stem.removeprefix(prefix)) if stem.startswith(prefix) else None
            if base is not None:
                return Unit(base.factor * factor, base.dimension, 0.0, base.cycles)
    return NO_UNIT if word in ("unitless", "dimensionless") else None
