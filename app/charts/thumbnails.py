"""Small pictures of a step's numbers, for the strip of the Look inside page."""

import numpy as np
from numpy.typing import NDArray

from app.charts.colours import BLUE, rgb
from app.charts.signed_numbers import as_maps, signed_picture
from model.layer import Array

BARS_HEIGHT = 30


def maps_thumbnail(values: Array) -> NDArray[np.uint8]:
    """RGBA: the first four maps of `(h, w, d)`, or the first if there are fewer; numbers `(n,)` in rows."""
    maps = np.moveaxis(as_maps(values), 2, 0)
    if len(maps) < 4:
        return signed_picture(maps[0])
    gap = max(1, maps.shape[1] // 12)
    four = np.pad(maps[:4], ((0, 0), (0, gap), (0, gap)))
    return signed_picture(np.vstack([np.hstack(list(four[:2])), np.hstack(list(four[2:]))])[:-gap, :-gap])


def bars_thumbnail(shares: Array) -> NDArray[np.uint8]:
    """RGBA: an upright bar for each share from 0 to 1."""
    picture = np.zeros((BARS_HEIGHT, 3 * len(shares), 4), np.uint8)
    for place, share in enumerate(shares.tolist()):
        height = max(1, round(BARS_HEIGHT * share))
        picture[-height:, 3 * place : 3 * place + 2] = (*rgb(BLUE), 255)
    return picture
