"""One spelling for many: Unicode and LaTeX markup removed from an answer before any comparator reads it.

Everything here is a single pass over the text, so time is linear in its length; lengths are capped by `guard`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["ANSWER_LIMIT", "DEPTH_LIMIT", "TEXT_LIMIT", "clean", "depth", "guard", "words"]

ANSWER_LIMIT = 4_096
"An answer longer than this many characters is not compared."
TEXT_LIMIT = 16_384
"Only so many characters at the end of a solution are searched for its final answer."
DEPTH_LIMIT = 200
"Answers with brackets nested deeper than this are not read."

# NUL, control, bidi, zero-width and soft-hyphen characters: invisible, and able to hide text.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱˣʸᵃᵇᵏᵐᵗ°", "0123456789+-=()nixyabkmt°", strict=True))
_SUPERSCRIPTS.pop("°")
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₒₓₕₖₗₘₙₚₛₜ", "0123456789+-=()aeoxhklmnpst", strict=True))
_SCRIPT_RUN = re.compile(f"[{''.join(_SUPERSCRIPTS)}]+|[{''.join(_SUBSCRIPTS)}]+")

_SINGLE = str.maketrans(
    {
        **dict.fromkeys("−–—‒―﹣－‐‑⁃", "-"),
        **dict.fromkeys("⋅∙•・‧", "·"),
        **dict.fromkeys("⩾≧≥", "≥"),
        **dict.fromkeys("⩽≦≤", "≤"),
        **dict.fromkeys("⟶⟹⇒➔➜⭢", "→"),
        **dict.fromkeys("⇋⇄⥫⥬", "⇌"),
        **dict.fromkeys("’‘`´", "'"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("∶︰", ":"),
        **dict.fromkeys("✓✔☑", "√"),
        **dict.fromkeys("✗✘☒✕", "✗"),
        "∕": "/",
        "⁄": "/",
        "⟨": "<",
        "⟩": ">",
        "〈": "<",
        "〉": ">",
        "º": "°",
        "˚": "°",
        "∞": "∞",
        "＄": "$",
        "\t": " ",
        "\n": " ",
        "\r": " ",
    }
)
# NFKC would turn a circled label into a bare digit.
_CIRCLED = str.maketrans(
    {chr(0x2460 + n): f"({n + 1})" for n in range(20)} | {chr(0x2474 + n): f"({n + 1})" for n in range(20)}
)
_VULGAR = {
    chr(c): unicodedata.normalize("NFKC", chr(c)).replace("⁄", "/")
    for c in (*range(0xBC, 0xBF), *range(0x2150, 0x215F))
}
_VULGAR_RUN = re.compile(f"(?<![0-9])([0-9]{{1,9}}) ?([{''.join(_VULGAR)}])|([{''.join(_VULGAR)}])")


def words(text: str) -> frozenset[str]:
    """The words of `text`, for tables of words."""
    return frozenset(text.split())


_WRAPPERS = words(
    "text textrm textit textbf textsf texttt textnormal mbox hbox mathrm mathbf mathit mathsf mathtt mathnormal "
    "boldsymbol bm pmb operatorname ce cf mathop emph underline underbrace ensuremath boxed fbox"
)
_TEXT_WRAPPERS = words("text textrm textit textbf textnormal mbox hbox emph")
_DROPPED = words(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle scriptstyle "
    "limits nolimits rm bf it sf tt mathstrut nonumber notag middle phantom vphantom boldmath"
)
_SPACES = words("quad qquad thinspace medspace thickspace enspace nobreakspace hfill newline space")
_RENAMED = {
    "dfrac": r"\frac",
    "tfrac": r"\frac",
    "cfrac": r"\frac",
    "dbinom": r"\binom",
    "tbinom": r"\binom",
    "lbrace": r"\{",
    "rbrace": r"\}",
    "lbrack": "[",
    "rbrack": "]",
    "lparen": "(",
    "rparen": ")",
    "leqslant": r"\le ",
    "geqslant": r"\ge ",
    "leq": r"\le ",
    "geq": r"\ge ",
    "neq": r"\ne ",
    "degree": "°",
    "textdegree": "°",
    "celsius": "°C",
    "textcelsius": "°C",
    "textohm": "Ω",
    "textmu": "μ",
    "micro": "μ",
    "textasciitilde": "~",
    "lvert": "|",
    "rvert": "|",
    "vert": "|",
    "mid": "|",
    "cdotp": r"\cdot ",
    "dots": "...",
    "ldots": "...",
    "cdots": "...",
    "colon": ":",
    "varnothing": r"\emptyset ",
    "longrightarrow": r"\rightarrow ",
    "Longrightarrow": r"\rightarrow ",
    "infin": r"\infty ",
    "textdollar": "\x01",
    "dollar": "\x01",
}
_TOKEN = re.compile(r"\\[a-zA-Z]+\*? ?|\\.|[{}]|\$+|[^\\{}$]+|\\", re.DOTALL)
_COMMAND_END = re.compile(r"\\[a-zA-Z]+$")
_DEGREES = re.compile(r"\^ ?\{? ?\\circ ?\}?|\\circ(?![a-zA-Z])")
_CURRENCY = re.compile(r"(?<![\w$\\])\$(?= ?[0-9.])")
_GROUPING = re.compile(r"(?<=[0-9])\{,\}(?=[0-9]{3})")
_TIE = re.compile(r"(?<=[0-9A-Za-z})])~(?=[A-Za-z\\0-9])|(?<!^)~(?=[A-Za-z\\])")
_EMPTY = re.compile(r"(?<!\\)\{ *\}")
_DEGREES_AS_POWER = re.compile(r"(?<=[0-9])(?<!(?<![0-9.])10)\^\{? ?0 ?\}?(?![0-9.])")
_REPEATING = re.compile(r"(?<![0-9.])([0-9]{1,9})\.([0-9]{0,9})\\(?:overline|bar|dot) ?\{ ?([0-9]{1,9}) ?\}")
_UNION = re.compile(r"(?<=[)\]]) ?U ?(?=[(\[])")
_BLANKS = re.compile(r" {2,}|　")


def guard(text: str, limit: int = ANSWER_LIMIT) -> str:
    """The last `limit` characters of `text` without invisible characters (NUL, control, bidi, zero-width)."""
    return _INVISIBLE.sub("", text.rstrip()[-limit:] if len(text) > limit else text)


def depth(text: str) -> int:
    """How deep the round, square and curly brackets of `text` are nested at most."""
    level = deepest = 0
    for character in text:
        if character in "({[":
            level += 1
            deepest = max(deepest, level)
        elif character in ")}]":
            level = max(0, level - 1)
    return deepest


@lru_cache(maxsize=1024)
def clean(text: str) -> str:
    r"""`text` in one spelling: no `$`, `\text{}`, `\left`, invisible or full-width characters.

    Unicode super- and subscripts become `^{…}` and `_{…}`, any dash becomes `-`, a circled 1 becomes `(1)`,
    degrees become `°`. Mathematical LaTeX commands stay. Never raises; a text of 4,096 characters at most comes back
    for a longer one, since nothing longer is compared.
    """
    text = guard(text)
    text = text.replace("\n", " ").replace("\t", " ") if text.isascii() else _plain_characters(text)
    if "\\" in text or "$" in text or "{" in text:
        text = _plain_markup(text)
    if "~" in text:
        text = _TIE.sub(" ", text)
    if "^" in text:
        text = _DEGREES_AS_POWER.sub("°", text)
    if "\\" in text:
        text = _REPEATING.sub(_spell_repeating, text)
    if "U" in text:
        text = _UNION.sub(r"\\cup ", text)
    return _BLANKS.sub(" ", text).strip()


def _plain_characters(text: str) -> str:
    """Unicode variants to one character each; scripts before NFKC, which would flatten them into digits."""
    text = _SCRIPT_RUN.sub(_spell_script, text)
    text = _VULGAR_RUN.sub(_spell_fraction, text.translate(_CIRCLED))
    text = unicodedata.normalize("NFKC", text.translate(_SINGLE))
    return text.translate(_SINGLE)


def _spell_script(match: re.Match[str]) -> str:
    run = match.group()
    if run[0] in _SUPERSCRIPTS:
        return "^{" + "".join(_SUPERSCRIPTS[c] for c in run) + "}"
    return "_{" + "".join(_SUBSCRIPTS[c] for c in run) + "}"


def _spell_fraction(match: re.Match[str]) -> str:
    whole, part, alone = match.groups()
    return f"({whole}+{_VULGAR[part]})" if whole else f"({_VULGAR[alone]})"


def _spell_repeating(match: re.Match[str]) -> str:
    """0.1\\overline{6} as (15/90): the digits with one period less those before it, over nines and zeros."""
    whole, fixed, period = match.groups()
    above = int(f"{whole}{fixed}{period}") - int(f"{whole}{fixed}")
    return f"({above}/{'9' * len(period)}{'0' * len(fixed)})"


def _plain_markup(text: str) -> str:
    """LaTeX markup that only says how to set the text is removed, braces of such commands with it."""
    text = _GROUPING.sub(",", text)
    if text.count("$") % 2 or ("\\" not in text and len(_CURRENCY.findall(text)) == text.count("$")):
        text = _CURRENCY.sub("\x01", text)
    out: list[str] = []
    braces: list[bool] = []  # for each open brace: does it stay?
    unwrap = False  # the next brace belongs to a removed command
    for match in _TOKEN.finditer(text):
        token = match.group()
        if token == "{":
            braces.append(not unwrap)
            if not unwrap:
                out.append("{")
        elif token == "}":
            if braces.pop() if braces else True:
                out.append("}")
        elif token[0] == "$":
            pass
        elif token[0] == "\\" and len(token) > 1:
            name = token[1:].rstrip(" *")
            if name in _WRAPPERS:
                if out and (_COMMAND_END.search(out[-1]) or (name in _TEXT_WRAPPERS and out[-1][-1:].isalpha())):
                    out.append(" ")
                unwrap = True
                continue
            out.append(_plain_command(token, name))
        else:
            out.append(token)
        unwrap = unwrap and token.isspace()
    return _DEGREES.sub("°", _EMPTY.sub("", "".join(out))).replace("\x01", "$")


def _plain_command(token: str, name: str) -> str:
    if name in _DROPPED:
        return ""
    if name in _SPACES or token in ("\\,", "\\;", "\\:", "\\ ", "\\>", "\\/"):
        return " "
    if token in ("\\!", "\\(", "\\)", "\\[", "\\]"):
        return ""
    if token in ("\\%", "\\#", "\\&", "\\_"):
        return token[1]
    if token == "\\$":
        return "\x01"
    return _RENAMED.get(name, token)
