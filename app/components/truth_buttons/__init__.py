"""The row of buttons that corrects a reading: our own Streamlit component, with buttons large enough for a finger.

A tap sends `{"key": the drawing's key, "truth": one of TRUTHS or UNDO}`; so does a number key. The choice of another
digit of a number sends its place.
"""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from app.components.load import load_component

NO_DIGIT = "no digit"  # a button's value, and the text for non-digits on pages
UNDO = "undo"
TRUTHS: dict[str, int | None] = {**{str(digit): digit for digit in range(10)}, NO_DIGIT: None}

_BUTTONS = load_component(Path(__file__).parent, "buttons")


def truth_buttons(
    keys: list[str],
    digits: list[str],
    chosen: int | None,
    truths: list[str | None],
    on_choice: Callable[[int], object],
) -> None:
    """Put the buttons on the page; where there is no drawing they are hidden and keep their room.

    Args:
        keys: the drawings' keys, one for each digit; none if there is no drawing.
        digits: how each digit was read; of several, one can be chosen.
        chosen: the place of the chosen one.
        truths: the one of `TRUTHS` that each digit is stored with, or None if it is not stored.
        on_choice: called with the place of a digit that was chosen, before the page runs again.
    """

    def choose() -> None:
        place = st.session_state.get("truth", {}).get("choice")
        if type(place) is int and 0 <= place < len(digits):
            on_choice(place)

    data = {"keys": keys, "digits": digits, "chosen": chosen, "truths": truths}
    _BUTTONS(key="truth", data=data, on_tap_change=lambda: None, on_choice_change=choose)


def kept_truths() -> dict[str, str]:
    """The drawings that were stored in this session, by key: which one of `TRUTHS` each is stored with."""
    kept: dict[str, str] = st.session_state.setdefault("kept_truths", {})
    return kept


def newest_tap() -> tuple[str, str] | None:
    """The tap that this run of the page is for, or None: the drawing's key, which may be any text, and the button."""
    tap = st.session_state.get("truth", {}).get("tap")
    if not isinstance(tap, dict):
        return None
    key, truth = tap.get("key"), tap.get("truth")
    if not isinstance(key, str) or not isinstance(truth, str) or truth not in (*TRUTHS, UNDO):
        return None
    return key, truth
