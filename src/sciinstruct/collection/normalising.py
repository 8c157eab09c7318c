r"""One clean spelling for a question's text, without touching what it says.

Characters are unified (compatibility forms by NFKC, Chinese radicals to the characters they stand for), blanks are put
in order, LaTeX loses needless markup. Superscripts, subscripts, fractions, unit signs and Chinese punctuation stay as
they are: "m²" must not become "m2". What looks like debris of a scan is reported, never mended by guessing.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["debris", "normalised"]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
# Unicode blocks whose compatibility forms are only another look of the same character.
_LOOK_ALIKES = re.compile(
    "[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff0b\uff0d\uff1d\uff05\uff0f"
    "\u2126\u212a\u212b\U0001d400-\U0001d7ff]"
)
# Radicals that NFKC leaves alone, in the place of a common character.
_RADICALS = str.maketrans(
    "⻅⻆⻉⻋⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻨⻩⻬⻮⻰⻳", "见角刂车长门青韦页风飞食马骨鬼鱼鸟麦黄齐齿龙龟"
)
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
_BLANK = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_BLANKS = re.compile(r"(?<=\S) {2,}(?=\S)")
_LINE_ENDS = re.compile(r"[ \t]+\n")
_EMPTY_LINES = re.compile(r"\n{3,}")
_SPACED_HAN = re.compile(f"(?<=[{_HAN}]) (?=[{_HAN}])")
_INLINE_DISPLAY = re.compile(r"\$\$([^$\n]+)\$\$")
_LATEX_BLANKS = (
    (re.compile(r"\\left\s*(?=[(\[|.]|\\\{)"), r"\\left"),
    (re.compile(r"\\right\s*(?=[)\]|.]|\\\})"), r"\\right"),
    (re.compile(r"(\\(?:mathrm|text|mathbf|mathit))\s+\{"), r"\1{"),
    (re.compile(r"([_^])\s+(?=[{\w\\])"), r"\1"),
)

_DEBRIS = (
    ("replacement-character", re.compile("\ufffd")),
    ("private-use-character", re.compile("[\ue000-\uf8ff]")),
    ("split-word", re.compile(r"\b(?:com|con|ex|in|pro|de|re|com|ap|tem|mole|calcu)- ?[a-z]{3,}\b")),
    ("rare-character", re.compile("[\u3400-\u4dbf㲴]|[\u2e80-\u2fdf]")),
    ("letters-apart", re.compile(r"(?<![\w\\$])(?:[a-z] ){4,}[a-z](?!\w)")),
    ("mojibake", re.compile("Ã[\x80-\xbf©¨]|â€|Â[°±²³]|锟斤拷")),
)


def normalised(text: str) -> str:
    """The text in one spelling; what it says, its lines and its superscripts stay. Applied twice it changes nothing."""
    if not text.isascii():
        text = _LOOK_ALIKES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text.translate(_RADICALS))
        text = _BLANK.sub(" ", text)
        text = _SPACED_HAN.sub("", text)
    text = _INVISIBLE.sub("", text.replace("\r\n", "\n").replace("\t", " "))
    if "$$" in text:
        text = "\n".join(map(_inline, text.split("\n")))
    if "\\" in text or "^" in text or "_" in text:
        for pattern, spelling in _LATEX_BLANKS:
            text = pattern.sub(spelling, text)
    if "  " in text:
        text = _BLANKS.sub(" ", text)
    if "\n" in text:
        text = _EMPTY_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text))
    return text.strip()


def _inline(line: str) -> str:
    r"""`$$x$$` amid words is inline mathematics (TAL-SCQ5K writes all of it so); alone on its line it is displayed."""
    stripped = line.strip()
    if stripped.count("$$") == 2 and stripped.startswith("$$") and stripped.endswith("$$"):
        return line
    return _INLINE_DISPLAY.sub(r"$\1$", line)


def debris(text: str) -> list[str]:
    """Names of what looks like damage by a scan or a conversion in a text; nothing of it is changed."""
    found = [name for name, pattern in _DEBRIS if pattern.search(text)]
    if (text.count("$") - text.count("\\$")) % 2 and "\\" in text:
        found.append("unpaired-dollar")
    if text.count("{") - text.count("\\{") != text.count("}") - text.count("\\}"):
        found.append("unpaired-brace")
    return found
