"""Electron configurations (1s2 2s2 2p6, [Ar]3d^6 4s^2) and hybridisation (sp3, sp^3d^2)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from sciinstruct.records import Verdict
from sciinstruct.verification.normalise import clean
from sciinstruct.verification.policy import Policy
from sciinstruct.verification.verdicts import right, shorten, unknown, wrong

__all__ = ["Configuration", "compare", "parse"]

_CAPACITY = {"s": 2, "p": 6, "d": 10, "f": 14, "g": 18}
_CORES = {
    "He": "1s2",
    "Ne": "1s2 2s2 2p6",
    "Ar": "1s2 2s2 2p6 3s2 3p6",
    "Kr": "1s2 2s2 2p6 3s2 3p6 3d10 4s2 4p6",
    "Xe": "1s2 2s2 2p6 3s2 3p6 3d10 4s2 4p6 4d10 5s2 5p6",
    "Rn": "1s2 2s2 2p6 3s2 3p6 3d10 4s2 4p6 4d10 4f14 5s2 5p6 5d10 6s2 6p6",
}
_CORE = re.compile(r"\[ ?(He|Ne|Ar|Kr|Xe|Rn) ?\]")
_SHELL = re.compile(
    r"([1-8]) ?([spdfg])(?:_ ?\{? ?[xyz](?:\^?2)? ?\}?)? ?\^? ?"
    r"(?:\{ ?(\d{1,2}) ?\}|(\d{1,2}(?=[1-8] ?[spdfg]|[^0-9spdfg]|$)))"
)
_HYBRID = re.compile(r"(?:d(\d?))?s(\d?)p([23]?)(?:d([2]?))?(?: ?(?:hybridi[sz](?:ation|ed)|杂化))?$")


@dataclass(frozen=True, slots=True)
class Configuration:
    """Electrons per subshell, core written out, sorted; of a hybridisation the orbitals with their numbers."""

    shells: tuple[tuple[str, int], ...]
    hybrid: bool = False


def parse(text: str) -> Configuration | None:
    """The electron configuration or hybridisation that `text` consists of, None where it is neither or impossible."""
    cleaned = clean(text[:400]).strip(" .。,，;")
    return _hybridisation(cleaned) or _shells(cleaned)


def compare(gold: Configuration, answer: str, policy: Policy) -> Verdict:
    """Same electrons in the same subshells, in any order (rule "configuration")?"""
    configuration = parse(answer)
    if configuration is None or configuration.hybrid != gold.hybrid:
        return unknown("configuration", f"cannot read {shorten(answer)!r} as an electron configuration")
    if configuration == gold:
        return right("configuration", "the same electrons in the same subshells")
    inner, outer = sorted((dict(gold.shells), dict(configuration.shells)), key=len)
    if not gold.hybrid and len(inner) < len(outer) and inner.items() <= outer.items():
        return unknown("configuration", "only one of the two gives the inner electrons")
    return wrong("configuration", f"{_spelled(configuration)} is not {_spelled(gold)}")


def _shells(text: str) -> Configuration | None:
    core = _CORE.match(text)
    electrons: Counter[str] = Counter()
    rest = text[core.end() :] if core else text
    at, limit = 0, {}
    while at < len(rest):
        if rest[at] in " ,，":
            at += 1
            continue
        match = _SHELL.match(rest, at)
        if match is None:
            return None
        level, kind, braced, plain = match.groups()
        electrons[level + kind] += int(braced or plain)
        limit[level + kind] = _CAPACITY[kind]
        at = match.end()
    if any(count > limit[shell] for shell, count in electrons.items()) or not (electrons or core):
        return None
    for shell in _CORES[core.group(1)].split() if core else ():
        if shell[:2] in electrons:
            return None
        electrons[shell[:2]] = int(shell[2:])
    return Configuration(tuple(sorted((shell, count) for shell, count in electrons.items() if count)))


def _hybridisation(text: str) -> Configuration | None:
    match = _HYBRID.match(text.replace("^", "").replace("{", "").replace("}", "").lower())
    if match is None:
        return None
    inner, s, p, outer = match.groups()
    d = int(inner or 1) if inner is not None else int(outer or 1) if outer is not None else 0
    return Configuration((("d", d), ("p", int(p or 1)), ("s", int(s or 1))), hybrid=True)


def _spelled(configuration: Configuration) -> str:
    order = reversed(configuration.shells) if configuration.hybrid else configuration.shells
    return " ".join(f"{shell}{count}" for shell, count in order if count)
