"""One spelling for texts, without changing what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.collection.normalising import debris, normalised


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("⾃然数", "自然数"),  # a radical in place of the character
        ("⻓度", "长度"),
        ("ＡＢ＝２５％", "AB=25%"),
        ("5\u00a0m of  wire", "5 m of wire"),
        ("爆成 功", "爆成功"),
        ("a \u200bb\ufeff", "a b"),
        ("the $$x^2$$ of $$y$$", "the $x^2$ of $y$"),
        ("$$x = 1$$", "$$x = 1$$"),  # displayed, alone on its line
        (r"\left (a \right ) x_ {1}", r"\left(a \right) x_{1}"),
        ("ﬁnd", "find"),
    ],
)
def test_one_spelling(before: str, after: str) -> None:
    assert normalised(before) == after


@pytest.mark.parametrize("text", ["5 m²", "H₂O", "½ mol", "①和②", "25 ℃", "面积是，（ ）。", "f: A → B", "a\n\nb"])
def test_what_carries_meaning_stays(text: str) -> None:
    assert normalised(text) == text


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_twice_is_once(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a bro\ufffdken sign", "replacement-character"),
        ("this com-pound", "split-word"),
        ("v e l o c i t y of light", "letters-apart"),
        ("氢的㲴核", "rare-character"),
        (r"$\frac{1}{2} of it", "unpaired-dollar"),
        (r"\frac{1}{2 of it", "unpaired-brace"),
    ],
)
def test_debris_is_named(text: str, name: str) -> None:
    assert name in debris(text)
    assert normalised(text) == text  # reported, not guessed


def test_clean_text_has_no_debris() -> None:
    assert debris(r"A 2.0-kg cart costs \$5 and $F = ma$; what is $\{x\}$?") == []
