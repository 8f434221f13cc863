"""The row of buttons under a reading, "It was a …": our own Streamlit component, as large as a finger needs.

A tap sends `{"key": the drawing that it is about, "truth": one of TRUTHS or TAKE_BACK}`.
"""

from pathlib import Path

import streamlit as st

from app.components.load import load_component

NO_DIGIT = "no digit"  # in words, as a button's value and on pages
TAKE_BACK = "take back"
TRUTHS: dict[str, int | None] = {**{str(digit): digit for digit in range(10)}, NO_DIGIT: None}

_BUTTONS = load_component(Path(__file__).parent, "buttons")


def truth_buttons(key: str | None, question: str, truth: str | None) -> None:
    """Put the buttons on the page.

    Args:
        key: of the drawing; None where there is none: the buttons then stand there, and wait.
        truth: as which of `TRUTHS` the drawing is kept, if it is.
    """
    _BUTTONS(key="truth", data={"key": key, "question": question, "truth": truth}, on_tap_change=lambda: None)


def newest_tap() -> tuple[str, str] | None:
    """The tap that the page runs for, if it does: the drawing's key, which may be any text, and what was tapped."""
    tap = st.session_state.get("truth", {}).get("tap")
    if not isinstance(tap, dict):
        return None
    key, truth = tap.get("key"), tap.get("truth")
    if not isinstance(key, str) or not isinstance(truth, str) or truth not in (*TRUTHS, TAKE_BACK):
        return None
    return key, truth
