"""Plain numbers: reading them in all their spellings, comparing them by the tolerance policy.

`5`, `1,000`, `602 000`, `.5`, `1.2e-3`, `1.2 × 10^{-3}`, `10^6`, `3/4`, `\\frac{3}{4}`, `(2+1/2)`, `3.2 million`, and
in Chinese `十二点五`, `3万`, `1.5亿`, `负三`, `百分之十二点五`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import DEFAULT, Policy
from sciinstruct.verification.verdicts import right, wrong

__all__ = ["Number", "compare", "number_prefix", "parse", "same_number"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written: `place` is the power of ten of its last written digit, None where it is exact by form
    (a fraction, a number word); `integer` says that it was written with digits only."""

    value: Decimal
    place: int | None
    integer: bool
    text: str = ""

    @property
    def digits(self) -> int:
        """Significant digits as written; trailing zeros of an integer do not count."""
        if self.place is None or not self.value:
            return 0
        count = self.value.adjusted() - self.place + 1
        if self.integer:
            count -= len(str(abs(self.value))) - len(str(abs(self.value)).rstrip("0"))
        return count

    def scaled(self, factor: Decimal, *, exact: bool = False) -> Number:
        """This number times `factor`; no longer an integer by form."""
        shift = factor.adjusted()
        place = None if self.place is None or factor != Decimal(10) ** shift else self.place + shift
        return replace(self, value=self.value * factor, place=place, integer=self.integer and exact)


_LARGEST = 5_000  # powers of ten beyond this are refused: such numbers are never answers
_MANTISSA = r"(?:[0-9]{1,3}(?:,[0-9]{3}){1,40}(?![0-9])|[0-9]{1,3}(?:[ ’'][0-9]{3}){1,40}(?![0-9])|[0-9]{1,400})?"
_PLAIN = rf"(?P<sign>[+-] ?)?(?P<whole>{_MANTISSA})(?P<part>\.[0-9]{{0,400}}(?: [0-9]{{3}}(?![0-9]))*)?"
_TIMES = r"(?: ?(?:×|·|\*|\\times(?![a-z])|\\cdot(?![a-z])|x(?= ?10)) ?| (?=10 ?(?:\^|\*\*)))"
_TEN = (
    r"10 ?(?:\^|\*\*) ?(?:\{ ?(?P<braced>[+-]? ?[0-9]{1,5}) ?\}"
    r"|\( ?(?P<round>[+-]? ?[0-9]{1,5}) ?\)|(?P<bare>[+-]?[0-9]{1,5}))"
)
_NUMBER = re.compile(rf"{_PLAIN}(?:[eE](?P<exponent>[+-]?[0-9]{{1,12}})(?![0-9.])|{_TIMES}{_TEN})?")
_POWER = re.compile(rf"(?P<sign>[+-] ?)?{_TEN}")
_FRACTION = re.compile(
    r"(?P<sign>[+-] ?)?(?:(?P<whole>[0-9]{1,9}) ?)?"
    r"(?:\\frac ?(?:\{ ?(?P<n1>[+-]?[0-9.]{1,30}) ?\} ?\{ ?(?P<d1>[0-9.]{1,30}) ?\}|(?P<n3>[0-9]) ?(?P<d3>[0-9]))"
    r"|(?<![0-9.])(?P<n2>[0-9]{1,30}) ?/ ?(?P<d2>[0-9]{1,30}))(?![0-9.])"
)
_MIXED = re.compile(r"(?P<sign>[+-] ?)?\((?:(?P<whole>[0-9]{1,9})\+)?(?P<n>[0-9]{1,9})/(?P<d>[0-9]{1,9})\)")
_SCALE = re.compile(
    r"(?: |\\ )?(million|billion|trillion|thousand|hundred|dozen|亿|万|千万|百万|千|百)(?![a-zA-Z瓦米克焦帕伏安卡])",
    re.I,
)
_SCALES = {
    "hundred": 2,
    "thousand": 3,
    "million": 6,
    "billion": 9,
    "trillion": 12,
    "百": 2,
    "千": 3,
    "万": 4,
    "百万": 6,
    "千万": 7,
    "亿": 8,
}
_ENGLISH = {
    word: n
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ]
    )
} | {
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
    "hundred": 100,
    "half": 0,
}
_SHARES = {"half": "0.5", "one half": "0.5", "a half": "0.5", "a quarter": "0.25", "one quarter": "0.25", "一半": "0.5"}
_SHARE_WORDS = re.compile(
    r"(a|one|two|three|four|five|seven)[ -](third|quarter|fourth|fifth|sixth|eighth|tenth)s?", re.IGNORECASE
)
_PARTS = {"third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10}
_ENGLISH_WORD = re.compile(r"(minus |negative )?([a-z]{3,9})(?:[- ]([a-z]{3,5}))?(?![a-z])", re.I)
_CHINESE_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_CHINESE_STEPS = {"十": 10, "百": 100, "千": 1_000}
_CHINESE = re.compile(
    r"(负|零下)?([零〇一二两三四五六七八九十百千万亿]{1,30})(?:点([零〇一二三四五六七八九]{1,30}))?(?:分之([一二两三四五六七八九十百千万]{1,20}))?"
)
_SIGN_WORDS = re.compile(r"(?:负|零下|minus |negative )(?= ?[0-9.])", re.I)


def number_prefix(text: str) -> tuple[Number, int] | None:
    """The number that cleaned `text` begins with, and where it ends; None where it begins with none."""
    start = 0
    if share := _SHARES.get(text.lower()):
        return Number(Decimal(share), None, integer=False, text=text), len(text)
    if shares := _SHARE_WORDS.fullmatch(text):
        count, part = shares.group(1).lower(), shares.group(2).lower()
        share_of_one = Decimal(1 if count == "a" else _ENGLISH[count]) / _PARTS[part]
        return Number(share_of_one, None, integer=False, text=text), len(text)
    negative = False
    if sign := _SIGN_WORDS.match(text):
        negative, start = True, sign.end()
    found = (
        _read_fraction(_FRACTION.match(text, start))
        or _read_fraction(_MIXED.match(text, start))
        or _read_power(text, start)
        or _read_digits(text, start)
        or _read_chinese(text)
        or _read_english(text)
    )
    if found is None:
        return None
    number, end = found
    if scale := _SCALE.match(text, end):
        word = scale.group(1).lower()
        factor = Decimal(12) if word == "dozen" else Decimal(10) ** _SCALES[word]
        number, end = number.scaled(factor), scale.end()
    if negative:
        number = replace(number, value=-number.value)
    return replace(number, text=text[:end].strip()), end


def parse(text: str) -> Number | None:
    """The number that `text` is, as a whole; None where it is anything more or other."""
    text = clean(text).rstrip(" .。,;；").lstrip()
    found = number_prefix(text)
    if found is None or found[1] != len(text):
        return None
    return found[0]


def compare(gold: Number, answer: str, policy: Policy = DEFAULT) -> Verdict:
    """Compares the number that `answer` is with the reference `gold`; wrong where it is no number."""
    other = parse(answer)
    if other is None:
        return wrong("number", f"{answer[:60]!r} is not a number")
    return same_number(gold, other, policy)


def same_number(
    gold: Number, other: Number, policy: Policy, *, rule: str = "number", approximate: bool = False
) -> Verdict:
    """Right where the two numbers agree by the policy: integers exactly, decimals by relative error or rounding."""
    if gold.value == other.value:
        return right(rule, f"{_show(other)} = {_show(gold)}")
    if policy.absolute_error and float(abs(gold.value - other.value)) <= policy.absolute_error * (1 + 1e-9):
        return right(rule, f"{_show(other)} ≈ {_show(gold)} (within {policy.absolute_error:g})")
    if gold.value == 0 or other.value == 0:
        return wrong(rule, f"{_show(other)} is not {_show(gold)}: zero equals only zero")
    if gold.integer and other.integer and policy.exact_integers and not approximate:
        return wrong(rule, f"{_show(other)} is not {_show(gold)}; integers are compared exactly")
    error = _relative_error(gold.value, other.value)
    if gold.integer and policy.exact_integers and other.place is None and not approximate:
        exact = error < 1e-9
        return (
            right(rule, f"{_show(other)} = {_show(gold)}")
            if exact
            else wrong(rule, f"{_show(other)} is not {_show(gold)}")
        )
    if not approximate and _near_integer(gold, policy):
        return _same_near_integer(gold, other, rule)
    limit, rounding = policy.relative_error, policy.rounding_error
    if approximate:
        limit = rounding = max(limit, policy.approximate_error)
    elif gold.integer and policy.exact_integers and not other.integer:
        if abs(other.value - gold.value) >= Decimal("0.5"):  # it counts something: 32.5 is not 32
            return wrong(rule, f"{_show(other)} does not round to {_show(gold)}")
        rounding = min(rounding, policy.converted_error)
    if error <= limit:
        return right(rule, f"{_show(other)} ≈ {_show(gold)} (relative error {error:.2g})")
    if error <= rounding and _is_rounding(gold, other):
        return right(rule, f"{_show(other)} and {_show(gold)} agree after rounding")
    return wrong(rule, f"{_show(other)} is not {_show(gold)} (relative error {error:.2g})")


def _relative_error(gold: Decimal, other: Decimal) -> float:
    with localcontext() as context:
        context.prec = 20
        context.traps[Overflow] = False
        return float(abs(other - gold) / abs(gold))


def _near_integer(gold: Number, policy: Policy) -> bool:
    """Is the reference written to six or more digits to show a difference from an integer that the tolerance hides?"""
    gap = abs(gold.value - gold.value.to_integral_value()) if abs(gold.value) < 100 else Decimal(0)
    return gold.digits >= 6 and 1e-5 < float(gap) / float(abs(gold.value)) < policy.relative_error


def _same_near_integer(gold: Number, other: Number, rule: str) -> Verdict:
    """Compares what two numbers such as 1.000293 have beyond the integer (refractive indices, atomic masses)."""
    gap = abs(gold.value - gold.value.to_integral_value())
    if abs(other.value - gold.value) <= gap / 10:
        return right(rule, f"{_show(other)} ≈ {_show(gold)}, beyond the integer too")
    return wrong(rule, f"{_show(other)} is not {_show(gold)}: they differ in what they have beyond the integer")


def _is_rounding(first: Number, second: Number) -> bool:
    """Is the coarser number a correct rounding of the finer one, to two or more significant digits?"""
    places = [n for n in (first, second) if n.place is not None and n.digits >= 2]
    for coarse in places:
        fine = second if coarse is first else first
        if fine.place is not None and coarse.place is not None and fine.place >= coarse.place:
            continue
        half = Decimal(5).scaleb((coarse.place or 0) - 1)
        if abs(fine.value - coarse.value) <= half:
            return True
    return False


def _show(number: Number) -> str:
    return number.text or f"{number.value:g}"


def _read_fraction(match: re.Match[str] | None) -> tuple[Number, int] | None:
    if match is None:
        return None
    groups = match.groupdict()
    above = groups.get("n") or groups.get("n1") or groups.get("n2") or groups.get("n3")
    below = groups.get("d") or groups.get("d1") or groups.get("d2") or groups.get("d3")
    try:
        value = Decimal(str(above)) / Decimal(str(below)) + Decimal(groups["whole"] or 0)
    except (InvalidOperation, DivisionByZero):
        return None
    if (match.group("sign") or "").startswith("-"):
        value = -value
    return Number(value, None, False), match.end()


def _read_power(text: str, start: int) -> tuple[Number, int] | None:
    match = _POWER.match(text, start)
    if match is None:
        return None
    exponent = _exponent(match)
    if exponent is None:
        return None
    value = Decimal(1).scaleb(exponent)
    return Number(-value if (match.group("sign") or "").startswith("-") else value, exponent, False), match.end()


def _read_digits(text: str, start: int) -> tuple[Number, int] | None:
    match = _NUMBER.match(text, start)
    if match is None:
        return None
    whole, part = match.group("whole") or "", match.group("part") or ""
    if not whole and len(part) < 2:
        return None
    digits = re.sub("[ ,’']", "", whole) + part.replace(" ", "")
    end = match.end()
    if not part or len(part) == 1:
        digits = digits.rstrip(".")
    exponent = _exponent(match)
    if exponent is None:
        return None
    value = Decimal(digits or "0").scaleb(exponent)
    place = exponent - max(len(part.replace(" ", "")) - 1, 0)
    if (match.group("sign") or "").startswith("-"):
        value = -value
    written_power = (
        match.group("exponent") is not None or "10" in text[match.end("part") if part else match.end("whole") : end]
    )
    return Number(value, place, integer=len(part) < 2 and not written_power), end


def _exponent(match: re.Match[str]) -> int | None:
    groups = match.groupdict()
    text = groups.get("exponent") or groups.get("braced") or groups.get("round") or groups.get("bare") or "0"
    exponent = int(text.replace(" ", ""))
    return exponent if abs(exponent) <= _LARGEST else None


def _read_chinese(text: str) -> tuple[Number, int] | None:
    match = _CHINESE.match(text)
    if match is None:
        return None
    sign, whole, part, below = match.groups()
    value = Decimal(_chinese_integer(whole))
    place: int | None = 0
    if part:
        value += Decimal("0." + "".join(str(_CHINESE_DIGITS[c]) for c in part))
        place = -len(part)
    if below:
        value, place = Decimal(_chinese_integer(below)) / value if value else Decimal(0), None
    return Number(-value if sign else value, place, integer=place == 0), match.end()


def _chinese_integer(text: str) -> int:
    total = section = digit = 0
    for character in text:
        if character in _CHINESE_DIGITS:
            digit = digit * 10 + _CHINESE_DIGITS[character] if digit else _CHINESE_DIGITS[character]
        elif character in _CHINESE_STEPS:
            section += (digit or 1) * _CHINESE_STEPS[character]
            digit = 0
        elif character == "万":
            total += (section + digit or 1) * 10_000
            section = digit = 0
        else:  # 亿 multiplies all before it
            total = (total + section + digit or 1) * 100_000_000
            section = digit = 0
    return total + section + digit


def _read_english(text: str) -> tuple[Number, int] | None:
    match = _ENGLISH_WORD.match(text)
    if match is None:
        return None
    sign, first, second = match.groups()
    tens = _ENGLISH.get(first.lower())
    if tens is None or first.lower() == "half":
        return None
    end, value = match.end(2), tens
    ones = _ENGLISH.get((second or "").lower())
    if ones and ones < 10 and 20 <= tens < 100:
        end, value = match.end(), tens + ones
    return Number(Decimal(-value if sign else value), 0, integer=True), end
