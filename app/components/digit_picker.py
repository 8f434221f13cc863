"""The control that chooses one digit of a number to look at."""

import streamlit as st

from app.texts.reading import headline, least_certain, letter, place_name
from training.recognition.drawing import DrawnDigit


def pick_place(digits: list[DrawnDigit]) -> int:
    """Which digit of a number to look at: the least certain, until another is chosen."""
    if len(digits) == 1:
        return 0
    return st.segmented_control(
        "Look at",
        range(len(digits)),
        default=least_certain(digits),
        required=True,
        format_func=lambda place: f"{place_name(place)}: {letter(digits[place].reading)}",
        key=f"place in {headline(digits)}",
        label_visibility="collapsed",
    )
