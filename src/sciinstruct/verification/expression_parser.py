r"""A reader for mathematics as people and models write it: LaTeX, plain text, Unicode and a mixture of them.

Recursive descent over a list of tokens, in time linear in the text; length, depth and number size are capped. The tree
is made of tuples, so that equal trees compare equal:

    ("num", mantissa, exponent, digits)   mantissa * 10**exponent; digits: significant digits of a decimal, 0 if exact
    ("var", name)   ("const", "pi" | "e" | "i")   ("neg", a)   ("add", a, b, ...)   ("mul", a, b, ...)
    ("div", a, b)   ("pow", a, b)   ("fn", name, (a, ...))

Letters next to each other are a product, a subscript belongs to the name. Where a text has two readings, both sides
of a comparison get the same one: `e` is Euler's number and `i` the imaginary unit unless they have a subscript.
"""

from __future__ import annotations

from functools import lru_cache

from sciinstruct.verification import mathematical_names as names
from sciinstruct.verification.mathematical_names import Token
from sciinstruct.verification.name_parser import MAX_DEPTH, Node, TokenReader, UnreadableError

__all__ = ["Node", "UnreadableError", "read", "read_name"]

MAX_DIGITS = 60

_SIGNS = frozenset(("+", "-"))
_TIMES = frozenset(("*", "·", "×"))
_CLOSING = {"(": ")", "[": "]", "{": "}"}


def read(text: str) -> Node:
    """The tree of an expression in cleaned text (`normalise.clean`); raises `UnreadableError`."""
    parser = _Parser(names.tokens(text))
    node = parser.sum(0)
    if parser.at < len(parser.tokens):
        raise UnreadableError(f"cannot read {parser.tokens[parser.at].text!r}")
    return node


@lru_cache(maxsize=256)
def read_name(text: str) -> str | None:
    """The name that `text` consists of (`x`, `E_{n}`, `f(x)` as `f`), None where it is anything else."""
    try:
        parser = _Parser(names.tokens(text))
        node = parser.symbol()
    except UnreadableError:
        return None
    rest = parser.tokens[parser.at :]
    called = len(rest) >= 3 and rest[0].text == "(" and rest[-1].text == ")"
    if rest and not (called and all(token.text != "(" for token in rest[1:])):
        return None
    return str(node[1]) if node[0] in ("var", "const") else None


class _Parser(TokenReader):
    """One pass over the tokens; each method reads one level of precedence and returns its tree."""

    def __init__(self, tokens: list[Token] | None) -> None:
        super().__init__(tokens)
        self.bars = 0  # open absolute values: a bar then closes instead of opening

    # -- sums and products -------------------------------------------------------------------------------------------

    def sum(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")
        terms = [self.signed_term(depth)]
        while self.peek() in _SIGNS:
            terms.append(self.signed_term(depth))
        return terms[0] if len(terms) == 1 else ("add", *terms)

    def signed_term(self, depth: int) -> Node:
        """A term with any signs before it."""
        negative = False
        while (sign := self.peek()) in _SIGNS:
            self.at += 1
            negative ^= sign == "-"
        node = self.product(depth)
        return _negated(node) if negative else node

    def product(self, depth: int) -> Node:
        factors = [self.factor(depth)]
        while self.at < len(self.tokens):
            text = self.peek()
            if text in _TIMES:
                self.at += 1
                factors.append(self.signed_factor(depth))
            elif text == "/":
                self.at += 1
                divisor = self.divisor(depth, factors)
                factors = [("div", _product(factors), divisor)]
            elif self.starts_factor():
                if self.tokens[self.at].kind == self.tokens[self.at - 1].kind == "num" and factors[-1][0] == "num":
                    raise UnreadableError("two numbers next to each other")
                self.join(factors, self.factor(depth))
            else:
                break
        return _product(factors)

    def join(self, factors: list[Node], node: Node) -> None:
        """Writing two factors next to each other multiplies them, but 2\\frac{1}{3} is a mixed number."""
        last = factors[-1]
        if _is_whole(last) and node[0] == "div" and _is_whole(node[1]) and _is_whole(node[2]) and node[1] < node[2]:
            factors[-1] = ("add", last, node)
        else:
            factors.append(node)

    def signed_factor(self, depth: int) -> Node:
        negative = False
        while self.peek() in ("+", "-"):
            negative ^= self.peek() == "-"
            self.at += 1
        node = self.factor(depth)
        return _negated(node) if negative else node

    def divisor(self, depth: int, factors: list[Node]) -> Node:
        """What stands after a slash: T/2m is T/(2m), but 1/2 m and 1/2m are m/2."""
        tight = [self.signed_factor(depth)]
        if tight[0][0] == "num" and factors[-1][0] == "num":
            return tight[0]
        while self.starts_factor() and not self.tokens[self.at].spaced and self.peek() != "(":
            tight.append(self.factor(depth))
        return _product(tight)

    def starts_factor(self) -> bool:
        if self.at >= len(self.tokens):
            return False
        token = self.tokens[self.at]
        if token.text == "|":
            return self.bars == 0
        return token.kind in ("num", "name", "fn", "const", "struct") or token.text in ("(", "[", "{", ".")

    # -- factors -----------------------------------------------------------------------------------------------------

    def factor(self, depth: int) -> Node:
        """A primary with its powers, factorials, degree and percent signs."""
        node = self.primary(depth + 1)
        while self.at < len(self.tokens):
            text = self.peek()
            if text in ("^", "**"):
                self.at += 1
                node = ("pow", node, self.exponent(depth + 1))
            elif text == "!":
                self.at += 1
                node = ("fn", "factorial", (node,))
            elif text == "°":
                self.at += 1
                if self.peek() in ("C", "F"):
                    raise UnreadableError("a temperature")
                node = ("div", ("mul", node, ("const", "pi")), ("num", 180, 0, 0))
            elif text == "%":
                self.at += 1
                node = ("div", node, ("num", 100, 0, 0))
            else:
                break
        return node

    def exponent(self, depth: int) -> Node:
        if self.take("{"):
            node = self.sum(depth + 1)
            self.expect("}")
            return node
        negative = self.peek() == "-"
        if self.peek() in ("+", "-"):
            self.at += 1
        if depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")
        node = self.primary(depth + 1)
        if self.peek() in ("^", "**"):  # a tower is read from the top
            self.at += 1
            node = ("pow", node, self.exponent(depth + 1))
        return _negated(node) if negative else node

    def primary(self, depth: int) -> Node:
        if self.at >= len(self.tokens):
            raise UnreadableError("the text ends too early")
        if depth > MAX_DEPTH:
            raise UnreadableError("nested too deeply")
        token = self.tokens[self.at]
        if token.kind == "num":
            self.at += 1
            return _number(token.text)
        if token.kind in ("name", "const"):
            return self.differential(depth) or self.named(depth)
        if token.kind == "fn":
            return self.function(depth)
        if token.kind == "struct":
            return self.structure(depth)
        if token.text in _CLOSING:
            return self.bracketed(depth)
        if token.text == "|":
            self.at += 1
            self.bars += 1
            node = self.sum(depth + 1)
            self.bars -= 1
            self.expect("|")
            return ("fn", "abs", (node,))
        if token.text == ".":
            return self.evaluated_at(depth)
        raise UnreadableError(f"cannot read {token.text!r}")

    def evaluated_at(self, depth: int) -> Node:
        """\\left. f \\right|_{x=0} as one opaque name."""
        self.at += 1
        self.bars += 1
        node = self.sum(depth + 1)
        self.bars -= 1
        self.expect("|")
        return ("var", f"{node}|{self.subscript()}")

    def bracketed(self, depth: int) -> Node:
        opening = self.peek()
        self.at += 1
        bars, self.bars = self.bars, 0
        node = self.sum(depth + 1)
        self.bars = bars
        self.expect(_CLOSING[opening])
        return node

    def braced(self, depth: int) -> Node:
        """An argument of a LaTeX command: {...} or one single digit or symbol."""
        if self.peek() == "{":
            return self.bracketed(depth)
        if self.at < len(self.tokens) and self.tokens[self.at].kind == "num" and len(self.peek()) > 1:
            token = self.tokens[self.at]  # \frac12: the digits are two arguments
            self.tokens[self.at] = Token(token.kind, token.text[1:], False)
            return _number(token.text[0])
        return self.primary(depth + 1)

    def structure(self, depth: int) -> Node:
        command = self.peek()
        self.at += 1
        if command == "frac":
            return self.fraction(depth)
        if command == "binom":
            top = self.braced(depth)
            return ("fn", "binomial", (top, self.braced(depth)))
        degree: Node = ("num", 2, 0, 0)
        if self.take("["):
            degree = self.sum(depth + 1)
            self.expect("]")
        if command == "cbrt":
            degree = ("num", 3, 0, 0)
        return ("pow", self.braced(depth), ("div", ("num", 1, 0, 0), degree))

    def fraction(self, depth: int) -> Node:
        start = self.at
        opaque = self.derivative_fraction()
        if opaque is not None:
            return opaque
        self.at = start
        above = self.braced(depth)
        return ("div", above, self.braced(depth))

    def function(self, depth: int) -> Node:
        """sin x, sin^2 x, sin^{-1} x, log_2 x, \\ln(x), with the function's argument."""
        name = self.peek()
        self.at += 1
        power: Node | None = None
        base: Node | None = None
        while self.peek() in ("^", "**", "_"):
            if self.take("_"):
                base = self.braced(depth)
            else:
                self.at += 1
                power = self.exponent(depth)
        if name == "log" and base is None and self.peek(1) == "(" and self.peek() in ("2", "10"):
            self.at += 1  # log10(x)
            base = _number(self.tokens[self.at - 1].text)
        if power == ("neg", ("num", 1, 0, 0)) and name in names.INVERSE:
            name, power = names.INVERSE[name], None
        node: Node = ("fn", name, (self.argument(depth),))
        if base is not None:
            if name != "log":
                raise UnreadableError(f"a subscript after {name}")
            node = ("div", ("fn", "ln", node[2]), ("fn", "ln", (base,)))
        return node if power is None else ("pow", node, power)

    def argument(self, depth: int) -> Node:
        """In brackets, or what stands up to the next + - * or function; sin(x)^2 is the square of the sine."""
        if self.peek() in _CLOSING:
            return self.bracketed(depth)
        factors = [self.signed_factor(depth)]
        while True:
            while self.starts_factor() and self.tokens[self.at].kind != "fn":
                if self.peek() == "(" and not _is_number_like(factors):
                    break
                factors.append(self.factor(depth))
            if self.peek() not in _TIMES or not _is_multiple_of_pi(factors):
                break
            self.at += 1  # sin 2π × 50t: nobody writes sin 2π for 0
            factors.append(self.factor(depth))
        if self.peek() == "/" and not self.tokens[self.at].spaced and self.starts_tight_divisor():
            self.at += 1
            return ("div", _product(factors), self.divisor(depth, factors))
        return _product(factors)

    def starts_tight_divisor(self) -> bool:
        index = self.at + 1
        return index < len(self.tokens) and not self.tokens[index].spaced and self.tokens[index].kind in ("num", "name")

    # -- names -------------------------------------------------------------------------------------------------------

    def named(self, depth: int) -> Node:
        """A variable or constant; v^2_0 is v_0 squared."""
        node = self.symbol()
        if node[0] == "var" and self.peek() == "(" and (arguments := self.call_arguments()):
            return ("var", node[1] + arguments)
        if self.peek() in ("^", "**") and node[0] == "var":
            start = self.at
            self.at += 1
            power = self.exponent(depth + 1)
            if self.peek() == "_":
                return ("pow", ("var", node[1] + self.subscript()), power)
            self.at = start
        return node


def _number(text: str) -> Node:
    """A number token: exact integers have 0 digits, decimals their count of significant digits."""
    mantissa, _, exponent = text.replace(",", "").lower().partition("e")
    whole, point, fraction = mantissa.partition(".")
    digits = whole + fraction
    if len(digits) > MAX_DIGITS or len(exponent) > 7:
        raise UnreadableError("a number that is too long")
    written = len(digits.lstrip("0")) if point or exponent else 0
    return ("num", int(digits or "0"), int(exponent or "0") - len(fraction), written)


def _negated(node: Node) -> Node:
    return ("neg", node)


def _product(factors: list[Node]) -> Node:
    return factors[0] if len(factors) == 1 else ("mul", *factors)


def _is_whole(node: Node) -> bool:
    return bool(node[0] == "num" and node[2] == 0 and node[3] == 0)


def _is_number_like(factors: list[Node]) -> bool:
    return all(factor[0] == "num" for factor in factors)


def _is_multiple_of_pi(factors: list[Node]) -> bool:
    """Do these factors have pi among them and no variable?"""
    parts = [part for factor in factors for part in ((factor,) if factor[0] != "mul" else factor[1:])]
    return ("const", "pi") in parts and all(part[0] in ("num", "const") for part in parts)
