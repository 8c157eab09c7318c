"""Texts as sets of hashed byte 8-grams, many texts at once, and the MinHash bands made of them.

Eight bytes of UTF-8 are some two words of English or three Chinese characters: short enough to survive a reworded
sentence, which word 13-grams do not. Half of the grams is kept, the same half everywhere, chosen by their hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import MissingExtraError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BANDS", "Grams", "bands_of", "grams_of", "need_numpy"]

_LENGTH = 8
BANDS = 10
_ROWS = 3  # MinHash values per band: two texts that share half of their grams meet in one of 10 bands in 74 % of cases
_MULTIPLIERS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


class Grams(NamedTuple):
    """Hashes of the grams of several texts, one text after the other; `owners` says which text each belongs to."""

    hashes: NDArray[np.uint64]
    owners: NDArray[np.int64]
    texts: int


def need_numpy() -> None:
    """Raise MissingExtraError where numpy is not installed."""
    try:
        import numpy as np  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("collect", "numpy", "collect") from error


def grams_of(texts: Sequence[str]) -> Grams:
    """The kept grams of each text; a text shorter than a gram has none."""
    import numpy as np

    encoded = [text.encode() for text in texts]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    data = np.frombuffer(b"".join(encoded) + bytes(_LENGTH), np.uint8)
    size = len(data) - _LENGTH
    hashes = np.zeros(size, np.uint64)
    for place in range(_LENGTH):
        hashes <<= np.uint64(8)
        hashes |= data[place : place + size]
    hashes = _mixed(hashes)
    owners = np.repeat(np.arange(len(texts)), lengths)
    ends = np.cumsum(lengths)
    whole = np.arange(size) + _LENGTH <= ends[owners]
    kept = whole & ((hashes >> np.uint64(63)) == 0)
    return Grams(hashes[kept], owners[kept], len(texts))


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash that spreads every bit (wrap-around multiplication is meant)."""
    import numpy as np

    values *= np.uint64(_MULTIPLIERS[0])
    values ^= values >> np.uint64(32)
    values *= np.uint64(_MULTIPLIERS[1])
    values ^= values >> np.uint64(29)
    return values


def bands_of(grams: Grams) -> NDArray[np.uint64]:
    """One row per text with `BANDS` hashes: texts that share a band are likely alike (MinHash, Broder 1997).

    A text without grams has the hash 0 in all its bands.
    """
    import numpy as np

    bands = np.zeros((grams.texts, BANDS), np.uint64)
    if not len(grams.hashes):
        return bands
    starts = np.flatnonzero(np.diff(grams.owners, prepend=-1))
    present = grams.owners[starts]
    constants = np.random.default_rng(1).integers(1, 2**63, size=(BANDS * _ROWS, 2), dtype=np.uint64)
    for band in range(BANDS):
        joined = np.zeros(len(starts), np.uint64)
        for factor, offset in constants[band * _ROWS : (band + 1) * _ROWS]:
            values = grams.hashes * (factor | np.uint64(1)) + offset
            joined = _mixed(joined + np.minimum.reduceat(values, starts))
        bands[present, band] = joined
    return bands
