r"""Isotopes and the particles of nuclear equations: ^{14}_{6}C, {}^{14}C, C-14, carbon-14, 碳14, ^1_0n, \alpha."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sciinstruct.records import Verdict
from sciinstruct.verification.elements import NAMES, SYMBOLS, Z
from sciinstruct.verification.normalise import clean, words
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["PARTICLES", "Nuclide", "compare", "parse", "read_nuclide"]

_INDEX = r"(?:\{ ?([+-]?\d{1,3}) ?\}|([+-]?\d{1,3}))"
_SCRIPTS = re.compile(
    rf"(?:\{{ ?\}} ?)?(?:\^ ?{_INDEX} ?(?:_ ?{_INDEX})?|_ ?{_INDEX} ?\^ ?{_INDEX}) ?(?:\{{ ?\}} ?)?"
    r"\{? ?([A-Z][a-z]?|n|p|e|\\?alpha|\\?beta|\\?gamma|[αβγ]) ?\}?(?P<sign> ?\^ ?\{?[+-]\}?)?$"
)
_HYPHEN = re.compile(r"([A-Z][a-z]?)[ -]?(\d{1,3})$|(\d{1,3})-?([A-Z][a-z]?)$")
_NAMED = re.compile(r"([a-z]+|[\u4e00-\u9fff\U00020000-\U0002ffff]) ?-? ?(\d{1,3})$", re.IGNORECASE)
PARTICLES = {
    "n": ("n", 1, 0),
    "p": ("H", 1, 1),
    "e": ("e", 0, -1),
    "α": ("He", 4, 2),
    "β": ("e", 0, -1),
    "γ": ("γ", 0, 0),
}
"Symbol, mass number and charge number of the particles that have a letter of their own."
_GREEK = {"alpha": "α", "beta": "β", "gamma": "γ"}
_HEAVY_HYDROGEN = {"D": 2, "T": 3, "氘": 2, "氚": 3, "氕": 1, "deuterium": 2, "tritium": 3, "protium": 1}


@dataclass(frozen=True, slots=True)
class Nuclide:
    """Symbol (an element, n, e or γ), mass number, and the charge number: written, or the element's own."""

    symbol: str
    mass: int
    charge: int


def parse(text: str) -> Nuclide | None:
    """The isotope that `text` names; None for everything else, and where the mass number is missing or impossible."""
    cleaned = clean(text[:200]).strip(" .。,，;")
    nuclide = read_nuclide(cleaned) or _hyphenated(cleaned) or _named(cleaned)
    return nuclide if nuclide and (nuclide.symbol in Z or nuclide.symbol in ("n", "e")) else None


def compare(gold: Nuclide, answer: str, policy: Policy) -> Verdict:
    """Is `answer` the same isotope (rule "isotope")? A written charge number that is not the element's is wrong."""
    cleaned = clean(answer[:40]).strip(" .。")
    nuclide = parse(answer) or _particle(cleaned) or _run_together(cleaned)
    if nuclide is None:
        return unknown("isotope", f"cannot read {shorten(answer)!r} as an isotope")
    if nuclide == gold:
        return right("isotope", f"{nuclide.symbol}-{nuclide.mass}")
    return wrong("isotope", f"{nuclide.symbol}-{nuclide.mass} (Z = {nuclide.charge}) is not {gold.symbol}-{gold.mass}")


def read_nuclide(text: str) -> Nuclide | None:
    """A symbol with its mass number, and perhaps charge number, before it: ^{14}_{6}C, _6^{14}C, ^1_0n, ^4α."""
    match = _SCRIPTS.match(text)
    if match is None:
        return None
    *indices, symbol, sign = match.groups()
    mass = indices[0] or indices[1] or indices[6] or indices[7]
    charge = indices[2] or indices[3] or indices[4] or indices[5]
    symbol = _GREEK.get(symbol.lstrip("\\"), symbol)
    if sign and symbol in Z:
        return None  # an ion of the isotope is another thing
    return _nuclide(symbol, int(mass), int(charge) if charge is not None else None)


def _nuclide(symbol: str, mass: int, charge: int | None) -> Nuclide | None:
    if symbol in ("D", "T"):
        symbol = "H"
    if symbol in PARTICLES:
        name, its_mass, its_charge = PARTICLES[symbol]
        return Nuclide(name, mass, charge if charge is not None else its_charge) if mass == its_mass else None
    own = Z.get(symbol)
    if own is None or not own <= mass <= 3 * own + 10:
        return None
    return Nuclide(symbol, mass, charge if charge is not None else own)


def _particle(text: str) -> Nuclide | None:
    """A particle by its name or letter; an alpha particle is a helium nucleus."""
    bare = text.strip(" .。\\").lower().removesuffix("particle").removesuffix("粒子").strip()
    return next((particle for particle, names in _BY_NAME.items() if bare in names), None)


_BY_NAME = {
    Nuclide("He", 4, 2): words("α alpha"),
    Nuclide("n", 1, 0): words("n neutron 中子"),
    Nuclide("H", 1, 1): words("p proton 质子 p^+ p^{+}"),
    Nuclide("e", 0, -1): words("electron 电子 e^- e^{-} β^- β^{-} \\beta^- \\beta^{-} beta^- beta^{-}"),
    Nuclide("e", 0, 1): words("positron 正电子 e^+ e^{+} β^+ β^{+} \\beta^+ \\beta^{+} beta^+ beta^{+}"),
}


def _run_together(text: str) -> Nuclide | None:
    """U235, where an isotope is asked for; H2 and O3 are molecules."""
    match = _HYPHEN.match(text)
    if match is None or not match.group(1) or int(match.group(2)) < 10 or match.group(1) not in SYMBOLS:
        return None
    return _nuclide(match.group(1), int(match.group(2)), None)


def _hyphenated(text: str) -> Nuclide | None:
    """C-14, C14 only with a hyphen or a space; 14C."""
    match = _HYPHEN.match(text)
    if match is None or ("-" not in text and match.group(1)):
        return None
    symbol, mass = match.group(1) or match.group(4), match.group(2) or match.group(3)
    return _nuclide(symbol, int(mass), None) if symbol in SYMBOLS else None


def _named(text: str) -> Nuclide | None:
    """carbon-14, 碳14, 氘."""
    heavy = _HEAVY_HYDROGEN.get(text if len(text) == 1 else text.lower())
    if heavy is not None:
        return Nuclide("H", heavy, 1)
    match = _NAMED.match(text)
    symbol = NAMES.get(match.group(1).lower()) if match else None
    return _nuclide(symbol, int(match.group(2)), None) if match and symbol else None
