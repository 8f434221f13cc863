"""The drawing pad: our own Streamlit component, which sends pen strokes while they are being drawn.

The pad sends messages of one form, and is handed the last good one back:

    {"revision": 7, "strokes": [[[x, y], [x, y], …], …]}

x runs to the right and y down, both from 0 to 1000. The revision grows with every change. A message that comes back
tells the pad that the next may go; and it brings the drawing to a pad that knows only an older one. With it comes what
was read, for the drawing of that revision alone:

    {"revision": 7, "words": "20", "boxes": [{"box": [left, top, right, bottom], "above": "2", "below": "98 %"}, …]}
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.components.load import load_component
from data.handwriting import LARGEST, MOST_POINTS, MOST_STROKES  # what cannot be kept is not read either

BLANK: dict[str, Any] = {"revision": 0, "strokes": []}
KEPT = "kept_drawing"  # in the session; the pad's own state, under "pad", goes when the page is left

_PAD = load_component(Path(__file__).parent, "pad")


def newest_message() -> object:
    """What the pad sent last: untrusted, for `strokes_in` to check."""
    _keep()
    newest = _newest()
    return st.session_state.get(KEPT, BLANK) if newest is None else newest


def drawing_pad(words: str, boxes: list[dict[str, Any]], on_change: Callable[[], object]) -> None:
    """Put the pad on the page.

    Args:
        words: what was read in the newest message, for screen readers.
        boxes: around each digit of a number there.
        on_change: called when the drawing changed, before the page runs again.
    """

    def changed() -> None:
        _keep()
        on_change()

    kept = st.session_state.get(KEPT, BLANK)
    read = {"revision": kept.get("revision", 0), "words": words, "boxes": boxes}
    _PAD(key="pad", data={**kept, "read": read}, on_drawing_change=changed)


def strokes_in(message: object) -> list[NDArray[np.float64]]:
    """The strokes in a message from the browser, an array `(k, 2)` each.

    Raises:
        ValueError: it is no message of the pad, or holds more than anyone draws.
    """
    if not isinstance(message, dict) or not isinstance(message.get("strokes"), list):
        raise ValueError("the drawing did not arrive as the pad sends it: reload the page")
    if not isinstance(message.get("revision", 0), int):
        raise ValueError("the drawing arrived without its number: reload the page")
    strokes = message["strokes"]
    if len(strokes) > MOST_STROKES:
        raise ValueError(f"the drawing has more than {MOST_STROKES} strokes: undo some, or clear the pad")
    if not all(isinstance(stroke, list) for stroke in strokes):
        raise ValueError("a stroke is no list of points: reload the page")
    if sum(map(len, strokes)) > MOST_POINTS:
        raise ValueError(f"the drawing has more than {MOST_POINTS:,} points: undo some strokes, or clear the pad")
    if not all(_is_point(point) for stroke in strokes for point in stroke):
        raise ValueError("a point is no pair of ordinary numbers: reload the page")
    return [np.array(stroke, np.float64).reshape(-1, 2) for stroke in strokes]


def _is_point(point: object) -> bool:
    """Whether it is `[x, y]`; the comparison leaves out NaN and infinity too."""
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(value) in (int, float) and -LARGEST <= value <= LARGEST for value in point)
    )


def _newest() -> object:
    """The message that the pad sent last since it was put on the page, or None."""
    return st.session_state.get("pad", {}).get("drawing")


def _keep() -> None:
    """Keep the newest message, if it is good, where leaving the page does not delete it."""
    newest = _newest()
    with suppress(ValueError):
        strokes_in(newest)
        st.session_state[KEPT] = newest
