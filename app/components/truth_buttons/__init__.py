"""The row of buttons that corrects a reading: our own Streamlit component, with buttons large enough for a finger.

A tap sends `{"key": the drawing's key, "truth": one of TRUTHS or UNDO}`.
"""

from pathlib import Path

import streamlit as st

from app.components.load import load_component

NO_DIGIT = "no digit"  # a button's value, and the text for non-digits on pages
UNDO = "undo"
TRUTHS: dict[str, int | None] = {**{str(digit): digit for digit in range(10)}, NO_DIGIT: None}

_BUTTONS = load_component(Path(__file__).parent, "buttons")


def truth_buttons(key: str | None, question: str, truth: str | None) -> None:
    """Put the buttons on the page.

    Args:
        key: the drawing's key, or None if there is no drawing: the buttons are then disabled.
        question: the text above the buttons.
        truth: the one of `TRUTHS` that the drawing is stored with, or None if it is not stored.
    """
    _BUTTONS(key="truth", data={"key": key, "question": question, "truth": truth}, on_tap_change=lambda: None)


def newest_tap() -> tuple[str, str] | None:
    """The tap that this run of the page is for, or None: the drawing's key, which may be any text, and the button."""
    tap = st.session_state.get("truth", {}).get("tap")
    if not isinstance(tap, dict):
        return None
    key, truth = tap.get("key"), tap.get("truth")
    if not isinstance(key, str) or not isinstance(truth, str) or truth not in (*TRUTHS, UNDO):
        return None
    return key, truth
