"""The control that selects one digit of a number."""

import streamlit as st

from app.texts.reading import headline, least_certain, letter, ordinal
from training.recognition.drawing import DrawnDigit


def pick_digit(digits: list[DrawnDigit]) -> int:
    """The place of the selected digit; by default the least certain one."""
    if len(digits) == 1:
        return 0
    return st.segmented_control(
        "Digit",
        range(len(digits)),
        default=least_certain(digits),
        required=True,
        format_func=lambda place: f"{ordinal(place)}: {letter(digits[place])}",
        key=f"place in {headline(digits)}",
        label_visibility="collapsed",
    )
