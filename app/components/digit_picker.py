"""The control that selects one digit of a number."""

import streamlit as st

from app.components.shown import choose, chosen_place
from app.texts.reading import headline, letter, ordinal
from training.recognition.drawing import DrawnDigit


def pick_digit(digits: list[DrawnDigit]) -> int:
    """The place of the selected digit; by default the least certain one."""
    if len(digits) == 1:
        return 0
    key = f"place in {headline(digits)}"
    st.session_state[key] = chosen_place(digits)  # it may have been chosen on another page, or on the pad
    st.radio(
        "Digit",
        range(len(digits)),
        horizontal=True,
        format_func=lambda place: f"{ordinal(place)}: {letter(digits[place])}",
        key=key,
        on_change=lambda: choose(digits, st.session_state[key]),
        label_visibility="collapsed",
    )
    return chosen_place(digits)
