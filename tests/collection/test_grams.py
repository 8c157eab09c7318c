"""Grams of many texts at once, and the bands by which alike texts meet."""

from __future__ import annotations

import random

from sciinstruct.collection.grams import bands_of, grams_of

TEXT = "a body of mass 0 kg moves along a straight line with constant speed and meets another body at rest"


def test_each_text_has_its_own_grams_wherever_it_stands() -> None:
    together = grams_of([TEXT, "short", TEXT.upper(), "汉字文本也可以"])
    alone = grams_of([TEXT])
    assert sorted(alone.hashes) == sorted(together.hashes[together.owners == 0])
    assert not (together.owners == 1).any()  # shorter than a gram
    assert (together.owners == 3).any()


def test_about_half_of_the_grams_is_kept() -> None:
    text = "".join(random.Random(1).choices("abcdefghij", k=4_000))
    assert 0.4 < len(grams_of([text]).hashes) / (len(text) - 7) < 0.6


def test_alike_texts_share_a_band_and_others_do_not() -> None:
    near = TEXT.replace("constant", "steady")
    other = "how many moles of gas are in a closed flask of two litres at room temperature and normal pressure"
    bands = bands_of(grams_of([TEXT, near, TEXT, other, "tiny"]))
    assert (bands[0] == bands[2]).all()
    assert (bands[0] == bands[1]).any()
    assert not (bands[0] == bands[3]).any()
    assert (bands[4] == 0).all()
