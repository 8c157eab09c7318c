"""Names in mathematical writing: letters with accents, indices and primes, calls, derivatives.

The part of the expression parser that reads tokens and names; `expression_parser` adds arithmetic to it.
"""

from __future__ import annotations

from typing import Any

from sciinstruct.verification import mathematical_names as names
from sciinstruct.verification.mathematical_names import Token

__all__ = ["MAX_DEPTH", "Node", "TokenReader", "UnreadableError"]

Node = tuple[Any, ...]

MAX_DEPTH = 60

_DIFFERENTIALS = frozenset(("d", "\\partial", "∂"))


class UnreadableError(Exception):
    """The text is not an expression; the message says where reading stopped."""


class TokenReader:
    """A position in a list of tokens, and the methods that read a name there."""

    def __init__(self, tokens: list[Token] | None) -> None:
        if not tokens:
            raise UnreadableError("nothing that reads as an expression")
        self.tokens = tokens
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index].text if index < len(self.tokens) else ""

    def take(self, text: str) -> bool:
        if self.peek() == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise UnreadableError(f"{text!r} is missing before {self.peek() or 'the end'!r}")

    def call_arguments(self) -> str:
        """(0) or (a, b) after a name: the function's value there, one opaque name; f(x) stays a product."""
        level = 0
        for end in range(self.at, len(self.tokens)):
            text = self.tokens[end].text
            level += (text in "([{") - (text in ")]}")
            if level == 0:
                inside = self.tokens[self.at + 1 : end]
                called = [token.kind for token in inside] == ["num"] or any(token.text == "," for token in inside)
                if called:
                    self.at = end + 1
                return f"({''.join(token.text for token in inside)})" if called else ""
        return ""

    def symbol(self) -> Node:
        """One name with its accents, subscript and primes, as ("var", name) or ("const", name)."""
        if self.at >= len(self.tokens) or self.tokens[self.at].kind not in ("name", "const"):
            raise UnreadableError(f"{self.peek()!r} is not a name")
        token = self.tokens[self.at]
        name = token.text
        self.at += 1
        if name in names.ACCENTS:
            name += "{" + self.group_text() + "}"
        elif name in ("Δ", "∂", "∇", "δ") and self.at < len(self.tokens) and self.tokens[self.at].kind == "name":
            return ("var", name + str(self.symbol()[1]))
        elif token.kind == "name" and self.at < len(self.tokens) and len(name) == 1:
            following = self.tokens[self.at]  # R1 is R_1
            if (
                following.kind == "num"
                and not following.spaced
                and following.text.isdigit()
                and len(following.text) < 3
            ):
                name += "_" + following.text
                self.at += 1
        plain = name
        while True:
            if self.peek() == "_":
                name += self.subscript()
            elif self.peek() == "'":
                self.at += 1
                name += "'"
            elif self.peek() == "^" and self.decoration():
                name += self.decoration()
                self.at += 4 if self.peek(1) == "{" else 2
            else:
                break
        constant = names.CONSTANTS.get(plain) if name == plain else None
        return ("const", constant) if constant else ("var", name)

    def decoration(self) -> str:
        """The sign in x^*, x^{\\prime}, x^+ that is part of the name, or an empty text."""
        mark = self.peek(2) if self.peek(1) == "{" and self.peek(3) == "}" else self.peek(1)
        if mark in ("'", "*", "\\dagger", "†"):
            return mark
        if mark in ("+", "-") and self.peek(1) == "{":
            return mark
        return ""

    def subscript(self) -> str:
        self.expect("_")
        return "_" + self.group_text()

    def group_text(self) -> str:
        """The text of the next token or braced group, without spaces and outer braces."""
        if not self.take("{"):
            if self.at >= len(self.tokens) or self.peek() in (")", "]", "}", "/"):
                raise UnreadableError("an index is missing")
            self.at += 1
            return self.tokens[self.at - 1].text
        parts: list[str] = []
        level = 1
        while self.at < len(self.tokens):
            text = self.peek()
            self.at += 1
            level += (text == "{") - (text == "}")
            if level == 0:
                return "".join(parts)
            if text not in "{}":
                parts.append(text)
        raise UnreadableError("a brace stays open")

    # -- derivatives: one opaque name, so that dP/dT is not P/T -------------------------------------------------------

    def derivative_fraction(self) -> Node | None:
        """\\frac{dP}{dT} or \\frac{\\partial^2 f}{\\partial x^2} as one name; None for another fraction."""
        if self.peek() != "{" or self.peek(1) not in _DIFFERENTIALS:
            return None
        above = self.group_text()
        if self.peek() != "{" or self.peek(1) not in _DIFFERENTIALS or self.peek(2) == "}":
            return None
        return ("var", f"{above}/{self.group_text()}".replace("\\partial", "∂"))

    def differential(self, depth: int) -> Node | None:
        """dP/dT on one line as one name; None where no derivative stands here."""
        if self.peek() not in _DIFFERENTIALS or self.at + 4 >= len(self.tokens):
            return None
        start = self.at
        try:
            self.at += 1
            above = str(self.symbol()[1])
            if self.take("/") and self.peek() in _DIFFERENTIALS:
                self.at += 1
                return ("var", f"d{above}/d{self.symbol()[1]}")
        except UnreadableError:
            pass
        self.at = start
        return None
