"""The drawing pad: our own Streamlit component, which sends pen strokes while they are being drawn, and pictures.

All messages from the pad have one of two forms. A drawing is its state, a picture a single event:

    {"revision": 7, "strokes": [[[x, y], [x, y], …], …]}
    {"revision": 8, "content": "the file in base64"}        or null in place of a file above `MOST_BYTES`

x runs to the right and y down, both from 0 to 1000. The revision grows with every change, and the newest is what the
user is looking at. Python sends it back, so that it survives leaving the page; a pad that has an older one takes the
newer one over, and a pad that finds another visit than its own, after a restart of the server or a reload of the page,
sends its newest again. With it comes the reading, valid for that revision only:

    {"visit": "a1b2", "revision": 8, "strokes": […], "picture": "data:image/png;base64,…" or null,
     "refused": true if the newest event was a picture that cannot be read; what was there before is sent again,
     "read": {"revision": 8, "words": "20", "lines": ["each digit: over 99 %"], "chosen": 0,
              "boxes": [{"box": [left, top, right, bottom], "above": "2", "below": "98 %"}, …]}}
"""

import secrets
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.components.load import load_component
from data.handwriting import LARGEST, MOST_POINTS, MOST_STROKES  # what cannot be stored is not read either
from data.pictures import PictureError, open_picture
from training.pictures import data_url, to_png

BLANK: dict[str, Any] = {"revision": 0, "strokes": []}
KEPT = "kept_drawing"  # in the session state; the pad's own state, "pad", is lost when the page is left
KEPT_PICTURE = "kept_picture"
MOST_BYTES = 10 * 2**20  # of a picture's file; pad.js knows it too
MOST_CHARACTERS = MOST_BYTES * 4 // 3 + 4  # of it in base64

_PAD = load_component(Path(__file__).parent, "pad")


@dataclass(frozen=True)
class PadPicture:
    """A picture in the pad's place, and why a newer one was refused, or "".

    The picture is grey and reduced as it is read, as a PNG; None if the drawing is still there.
    """

    revision: int
    png: bytes | None
    problem: str = ""


def newest_message() -> object:
    """The last drawing from the pad. It is not validated yet: `strokes_in` does that."""
    _keep()
    newest = _newest("drawing")
    return st.session_state.get(KEPT, BLANK) if newest is None else newest


def newest_picture() -> PadPicture | None:
    """The picture that came after the newest drawing, if there is one."""
    _keep()
    return st.session_state.get(KEPT_PICTURE)


def drawing_pad(
    words: str,
    boxes: list[dict[str, Any]],
    lines: list[str] | None = None,
    chosen: int | None = None,
    on_choice: Callable[[int], object] = lambda place: None,
) -> None:
    """Put the pad on the page.

    Args:
        words: the reading of the newest message, for screen readers and saved pictures.
        boxes: the box around each of several digits, and around each digit of a picture.
        lines: the lines below the reading, for saved pictures.
        chosen: the box that is highlighted.
        on_choice: called with the place of a box that was tapped, before the page runs again.
    """

    def choose() -> None:
        place = _newest("choice")
        if type(place) is int and 0 <= place < len(boxes):
            on_choice(place)

    kept, picture = st.session_state.get(KEPT, BLANK), st.session_state.get(KEPT_PICTURE)
    revision = picture.revision if picture else kept.get("revision", 0)
    data = {
        "visit": st.session_state.setdefault("visit", secrets.token_hex(4)),
        "revision": revision,
        "strokes": kept["strokes"],
        "picture": data_url(picture.png) if picture and picture.png else None,
        "refused": bool(picture and picture.problem),
        "read": {"revision": revision, "words": words, "lines": lines or [], "boxes": boxes, "chosen": chosen},
    }
    _PAD(key="pad", data=data, on_drawing_change=_keep, on_picture_change=_keep, on_choice_change=choose)


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


def picture_in(message: dict[str, Any], before: bytes | None = None) -> PadPicture:
    """The picture in a message with a revision, opened and reduced; the one before it if it is refused."""
    revision, content = message["revision"], message.get("content")
    try:
        if content is None or (isinstance(content, str) and len(content) > MOST_CHARACTERS):
            raise PictureError(f"the image is larger than {MOST_BYTES >> 20} MB: make it smaller")
        grey = open_picture(b64decode(content, validate=True))
    except PictureError as error:
        return PadPicture(revision, before, str(error))
    except (TypeError, ValueError):
        return PadPicture(revision, before, "the image arrived in an unknown form: reload the page")
    return PadPicture(revision, to_png(np.round(grey * 255).astype(np.uint8)))


def _is_point(point: object) -> bool:
    """Whether `point` is `[x, y]`; the comparison rules out NaN and infinity as well."""
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(type(value) in (int, float) and -LARGEST <= value <= LARGEST for value in point)
    )


def _newest(kind: str) -> object:
    """The last message of that kind since the pad was put on the page, or None."""
    return st.session_state.get("pad", {}).get(kind)


def _keep() -> None:
    """Store what is newer than what is kept, if it is valid, where it survives leaving the page."""
    drawing, message = _newest("drawing"), _newest("picture")
    picture: PadPicture | None = st.session_state.get(KEPT_PICTURE)
    if picture and _revision(drawing) > picture.revision:
        del st.session_state[KEPT_PICTURE]
        picture = None
    with suppress(ValueError):
        strokes_in(drawing)
        st.session_state[KEPT] = drawing
    shown = max(_revision(st.session_state.get(KEPT)), _revision(drawing), picture.revision if picture else -1)
    if isinstance(message, dict) and _revision(message) > shown:
        st.session_state[KEPT_PICTURE] = picture_in(message, picture.png if picture else None)


def _revision(message: object) -> int:
    """The revision of a message from the browser; −1 where it has none."""
    revision = message.get("revision") if isinstance(message, dict) else None
    return revision if type(revision) is int else -1
