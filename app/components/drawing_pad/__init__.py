"""The drawing pad: our own Streamlit component, which sends pen strokes while they are being drawn.

All messages from the pad have one form, and Python sends the last valid one back:

    {"revision": 7, "strokes": [[[x, y], [x, y], …], …]}

x runs to the right and y down, both from 0 to 1000. The revision grows with every change. When the pad gets a message
back it may send the next one; a pad that has an older drawing takes the newer one over. With the message comes the
reading, valid for the drawing of that revision only:

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
from data.handwriting import LARGEST, MOST_POINTS, MOST_STROKES  # what cannot be stored is not read either

BLANK: dict[str, Any] = {"revision": 0, "strokes": []}
KEPT = "kept_drawing"  # in the session state; the pad's own state, "pad", is lost when the page is left

_PAD = load_component(Path(__file__).parent, "pad")


def newest_message() -> object:
    """The last message from the pad. It is not validated yet: `strokes_in` does that."""
    _keep()
    newest = _newest()
    return st.session_state.get(KEPT, BLANK) if newest is None else newest


def drawing_pad(words: str, boxes: list[dict[str, Any]], on_change: Callable[[], object]) -> None:
    """Put the pad on the page.

    Args:
        words: the reading of the newest message, for screen readers.
        boxes: for a number of several digits, the box around each of them.
        on_change: called when the drawing has changed, before the page runs again.
    """

    def changed() -> None:
        _keep()
        on_change()

    kept = st.session_state.get(KEPT, BLANK)
    read = {"revision": kept.get("revision", 0), "words": words, "boxes": boxes}
    _PAD(key="pad", data={**kept, "read": read}, on_drawing_change=changed)


def strokes_in(message: object) -> list[NDArray[np.float64]]:
    """The strokes in a message from the browser, each an array `(k, 2)`.

    Raises:
        ValueError: the message does not have the form above, or is larger than any real drawing.
    """
    if not isinstance(message, dict) or not isinstance(message.get("strokes"), list):
        raise ValueError("the drawing arrived in an unknown form: reload the page")
    if not isinstance(message.get("revision", 0), int):
        raise ValueError("the drawing arrived without a valid revision: reload the page")
    strokes = message["strokes"]
    if len(strokes) > MOST_STROKES:
        raise ValueError(f"the drawing has more than {MOST_STROKES} strokes: undo some, or clear the pad")
    if not all(isinstance(stroke, list) for stroke in strokes):
        raise ValueError("a stroke is not a list of points: reload the page")
    if sum(map(len, strokes)) > MOST_POINTS:
        raise ValueError(f"the drawing has more than {MOST_POINTS:,} points: undo some strokes, or clear the pad")
    if not all(_is_point(point) for stroke in strokes for point in stroke):
        raise ValueError("a point is not a pair of finite numbers: reload the page")
    return [np.array(stroke, np.float64).reshape(-1, 2) for stroke in strokes]


def _is_point(point: object) -> bool:
    """Whether `point` is `[x, y]`; the comparison rules out NaN and infinity as well."""
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(value) in (int, float) and -LARGEST <= value <= LARGEST for value in point)
    )


def _newest() -> object:
    """The last message since the pad was put on the page, or None."""
    return st.session_state.get("pad", {}).get("drawing")


def _keep() -> None:
    """Store the newest message, if it is valid, where it survives leaving the page."""
    newest = _newest()
    with suppress(ValueError):
        strokes_in(newest)
        st.session_state[KEPT] = newest
