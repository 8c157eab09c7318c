"""The vocabulary of mathematical writing: tokens, and the names of functions, constants, letters and accents."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["ACCENTS", "CONSTANTS", "INVERSE", "Token", "tokens"]

MAX_TOKENS = 600


class Token(NamedTuple):
    """`kind` is num, name, const, fn, struct or op; `spaced` says that white space stands before it."""

    kind: str
    text: str
    spaced: bool


def _words(text: str) -> list[str]:
    return text.split()


_GREEK = _words(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_LETTER_OF = dict(zip(_GREEK, _GREEK_LETTERS, strict=True))
_LETTER_OF |= {
    "varepsilon": "ε",
    "vartheta": "θ",
    "varphi": "φ",
    "varrho": "ρ",
    "varsigma": "σ",
    "varpi": "π1",
    "hbar": "ħ",
    "hslash": "ħ",
    "ell": "ℓ",
    "partial": "∂",
    "nabla": "∇",
    "infty": "∞",
    "aleph": "ℵ",
    "odot": "⊙",
    "oplus": "⊕",
    "perp": "⊥",
    "parallel": "∥",
    "imath": "i",
    "jmath": "j",
}
_SAME_LETTER = str.maketrans({"ϵ": "ε", "ϑ": "θ", "ϕ": "φ", "ϱ": "ρ", "ς": "σ", "ℏ": "ħ", "µ": "μ", "Ω": "Ω", "∆": "Δ"})

_FUNCTION_OF = {
    name: name
    for name in _words(
        "sin cos tan cot sec csc sinh cosh tanh coth sech csch exp ln log lg arcsin arccos arctan arccot arcsinh "
        "arccosh arctanh max min gcd lcm erf erfc sgn sign floor ceil abs sqrt cbrt det"
    )
} | {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "tg": "tan",
    "ctg": "cot",
    "cosec": "csc",
    "sh": "sinh",
    "ch": "cosh",
    "th": "tanh",
    "arcsinh": "arcsinh",
    "arsinh": "arcsinh",
    "arcosh": "arccosh",
    "artanh": "arctanh",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "sgn": "sign",
}
_UNEVALUATED = frozenset(_words("max min gcd lcm det"))
"Known words that are no letters, but nothing here evaluates them: a text with one is not readable."
_ONLY_AS_COMMAND = frozenset(_words("sh ch th tg ctg"))
_STRUCTURES = {"frac": "frac", "binom": "binom", "sqrt": "sqrt", "root": "sqrt", "cbrt": "cbrt", "surd": "sqrt"}

INVERSE = {
    "sin": "arcsin",
    "cos": "arccos",
    "tan": "arctan",
    "cot": "arccot",
    "sinh": "arcsinh",
    "cosh": "arccosh",
    "tanh": "arctanh",
}
CONSTANTS = {"π": "pi", "e": "e", "i": "i"}
ACCENTS = frozenset(
    _words(
        "\\hat \\widehat \\bar \\overline \\tilde \\widetilde \\dot \\ddot \\check \\breve \\underline \\mathcal "
        "\\mathscr \\mathfrak \\mathbb"
    )
)
_IGNORED = frozenset(_words("vec overrightarrow displaystyle left right big Big mathit rm"))
"Arrows and styles: a vector's name means the same with and without its arrow."

_OPERATORS = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "star": "*",
    "bullet": "*",
    "div": "/",
    "pm": "±",
    "mp": "∓",
    "prime": "'",
    "circ": "°",
    "dagger": "\\dagger",
    "dag": "\\dagger",
    "lbrace": "{",
    "rbrace": "}",
    "langle": "\\langle",
}
_SYMBOLS = {"÷": "/", "×": "*", "·": "*", "⋅": "*", "−": "-", "′": "'", "″": "''", "∗": "*", "⁄": "/"}

_WORDS_IN_RUN = sorted(
    [name for name in _FUNCTION_OF if len(name) >= 3 or name in ("ln", "lg")]
    + [name for name in _GREEK if len(name) >= 3 or name == "pi"]
    + ["infty", "hbar", "varepsilon", "sqrt", "frac"],
    key=len,
    reverse=True,
)
_PROSE = frozenset(
    _words(
        "the is are was and or if for when where with of than to at by not no yes all none any as per from only each "
        "that this its then so but because since between both either neither true false"
    )
)
_LONGEST_PRODUCT = 5
"A run of more plain letters than this is a word, not a product of variables."
_WORD = re.compile(r"(?=[a-z]*[aeiou])[a-z]{4,}")
"A word, unless its letters are in order (abcd) or a known name is in it."
_RUN = re.compile("|".join([*_WORDS_IN_RUN, "[A-Za-z]"]))

_TOKEN = re.compile(
    r"(?P<space>\s+|\\[,;:!> ])"
    r"|(?P<num>(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE](?:[+-]\d+|\d+(?![.\d])))?)"
    r"|\\(?P<command>[A-Za-z]+)"
    r"|(?P<word>[A-Za-z]+)"
    r"|(?P<root>√|∛|根号)"
    r"|(?P<other>\*\*|\\[{}|]|[^\s\\])",
)


_ARROW = re.compile(r"\\(?:vec|overrightarrow|mathit|mathbf|boldsymbol) ?\{ ?(\\?[A-Za-z]+) ?\}")
_AMBIGUOUS = re.compile(r"(?:at|as|by)\b(?!\s+[A-Za-z\\])")


def _without_arrow(match: re.Match[str]) -> str:
    """A vector's name means the same with and without its arrow."""
    return match.group(1) + (" " if match.group(1)[0] == "\\" else "")


def tokens(text: str) -> list[Token] | None:
    """The tokens of `text`; None where something in it is no part of an expression, or it is too long."""
    text = _ARROW.sub(_without_arrow, text)
    found: list[Token] = []
    spaced = after_command = False
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or len(found) > MAX_TOKENS:
            return None
        at = match.end()
        kind = match.lastgroup
        if kind == "space":
            spaced = spaced or not after_command or len(match.group()) > 1
            continue
        piece = match.group(kind or 0)
        if kind == "word" and _AMBIGUOUS.match(text, match.start()):  # a t^2, not the word "at"
            found += [Token("name", letter, spaced) for letter in piece]
            continue
        if not _append(found, kind or "", piece, spaced):
            return None
        spaced = False
        after_command = kind == "command"  # the one space after \\hbar only ends the command
    return found


def _append(found: list[Token], kind: str, piece: str, spaced: bool) -> bool:
    """Put the tokens of one piece at the end; False where it cannot be part of an expression."""
    if kind == "num":
        found.append(Token("num", piece, spaced))
    elif kind == "command":
        return _append_command(found, piece, spaced)
    elif kind == "word":
        return _append_word(found, piece, spaced)
    elif kind == "root":
        found.append(Token("struct", "cbrt" if piece == "∛" else "sqrt", spaced))
    else:
        return _append_symbol(found, piece, spaced)
    return True


def _append_command(found: list[Token], name: str, spaced: bool) -> bool:
    if name in _STRUCTURES:
        found.append(Token("struct", _STRUCTURES[name], spaced))
    elif name in _FUNCTION_OF and _in_index(found):  # S_{\\max}
        found.append(Token("name", name, spaced))
        return True
    elif name in _FUNCTION_OF:
        found.append(Token("fn", _FUNCTION_OF[name], spaced))
    elif name in _LETTER_OF:
        found.append(_letter(_LETTER_OF[name], spaced))
    elif name in _OPERATORS:
        found.append(Token("op", _OPERATORS[name], spaced))
    elif "\\" + name in ACCENTS:
        found.append(Token("name", "\\" + name, spaced))
    else:
        return name in _IGNORED
    return name not in _UNEVALUATED


def _append_word(found: list[Token], word: str, spaced: bool) -> bool:
    """A run of letters: an index as it stands, a known word, else a product of single letters."""
    if _in_index(found):
        found.append(Token("name", word, spaced))
        return True
    if word.lower() in _PROSE or word == "Im":
        return False
    if word in ("const", "constant"):
        found.append(Token("name", "const", spaced))
        return True
    if word in _ONLY_AS_COMMAND:
        pieces = list(word)
    elif word in _LETTER_OF:
        pieces = [word]
    else:
        pieces = _RUN.findall(word)
    if _letters_in_a_row(pieces) > _LONGEST_PRODUCT or _is_word(word, pieces):
        return False
    for piece in pieces:
        if piece in _STRUCTURES:
            found.append(Token("struct", _STRUCTURES[piece], spaced))
        elif piece in _FUNCTION_OF and len(piece) > 1:
            if piece in _UNEVALUATED:
                return False
            found.append(Token("fn", _FUNCTION_OF[piece], spaced))
        else:
            found.append(_letter(_LETTER_OF.get(piece, piece), spaced))
        spaced = False
    return True


def _is_word(word: str, pieces: list[str]) -> bool:
    plain = all(len(piece) == 1 for piece in pieces)
    return plain and bool(_WORD.fullmatch(word)) and list(word) != sorted(word)


def _append_symbol(found: list[Token], piece: str, spaced: bool) -> bool:
    piece = _SYMBOLS.get(piece, piece).translate(_SAME_LETTER)
    if piece in ("\\{", "\\}", "\\|"):
        return False
    if piece == "''":
        found += [Token("op", "'", spaced), Token("op", "'", False)]
    elif piece == "**" or piece in "+-*/^_(){}[]|!°%'±∓†.,":
        found.append(Token("op", piece, spaced))
    elif piece.isalpha() and not "\u3040" <= piece <= "\u9fff":
        found.append(_letter(piece, spaced))
    elif piece in "∂∇∞" or _in_index(found):
        found.append(Token("name", piece, spaced))
    else:
        return False
    return True


def _letter(letter: str, spaced: bool) -> Token:
    return Token("const" if letter in CONSTANTS else "name", letter, spaced)


def _in_index(found: list[Token]) -> bool:
    """Is the next token part of a subscript (`_x` or inside `_{...}`)?"""
    level = 0
    for position in range(len(found) - 1, max(len(found) - 12, -1), -1):
        text = found[position].text
        if text == "_" and position == len(found) - 1:
            return True
        if text == "}":
            level += 1
        elif text == "{":
            if level == 0:
                return position > 0 and found[position - 1].text == "_"
            level -= 1
    return False


def _letters_in_a_row(pieces: list[str]) -> int:
    longest = row = 0
    for piece in pieces:
        row = row + 1 if len(piece) == 1 else 0
        longest = max(longest, row)
    return longest
