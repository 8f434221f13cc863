"""A network as a row of thumbnails, one for each step: our own Streamlit component.

Each step is a radio button, so that arrow keys walk along the row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.components.load import load_component
from training.pictures import data_url, to_png

_STRIP = load_component(Path(__file__).parent, "strip")


@dataclass(frozen=True, eq=False)
class Step:
    """A step of the row: its name, a detail such as the size of its output, and its thumbnail, RGBA."""

    name: str
    detail: str
    thumbnail: NDArray[np.uint8]


def layer_strip(key: str, steps: list[Step], chosen: int, on_choice: Callable[[int], object]) -> None:
    """Put the row on the page.

    Args:
        chosen: the place of the step that is marked.
        on_choice: called with the place of a step that was chosen, before the page runs again.
    """

    def changed() -> None:
        place = st.session_state[key].get("choice")
        if type(place) is int and 0 <= place < len(steps):
            on_choice(place)

    data = [{"name": step.name, "detail": step.detail, "picture": data_url(to_png(step.thumbnail))} for step in steps]
    _STRIP(key=key, data={"steps": data, "chosen": chosen}, on_choice_change=changed)
