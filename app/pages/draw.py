"""The Draw page: draw a number or show a picture of one, and see at once what the network reads."""

from html import escape

import numpy as np
import streamlit as st

from app.charts.html import enlarged, probability_bars
from app.components.drawing_pad import drawing_pad
from app.components.shown import choose, chosen_place, shown_on_pad
from app.components.truth_buttons import TRUTHS, UNDO, kept_truths, newest_tap, truth_buttons
from app.components.weights_picker import ROOT, escaped, name_of, pick_classifier, training_data
from app.texts.reading import boxes, drawing_key, drawing_to_keep, explanation, headline, letter, named, sentence
from data.handwriting import FILE, Handwriting, HandwritingError
from model.classifier import DigitClassifier
from training.recognition.drawing import DrawnDigit

BLANK = np.zeros((28, 28), np.uint8)
FONT_SIZES = {1: 6, 2: 6, 3: 5, 4: 4, 5: 3.25}  # rem, by the number of digits; 2 for text and for longer numbers
INVITATION = """
<p style="font-size: 2rem; margin: 0">Draw a digit</p>
<p>or several side by side, or upload, paste or drop a picture of them.</p>
"""


@st.fragment
def draw_and_read(classifier: DigitClassifier) -> None:
    """The whole page, which runs again while someone draws.

    The title is part of the fragment, so that the fragment is the first element of the page: Streamlit shows an empty
    window if any other fragment answers just after its page was left.
    """
    st.title("Draw a number", anchor=False)
    with st.container(width=1100):
        left, right = st.columns(2, gap="medium")
    shown = shown_on_pad(classifier)
    digits = [] if shown.problem else shown.digits
    place = chosen_place(digits) if digits else None
    with left:
        words = shown.problem or headline(digits)
        lines = explanation(digits) if digits else []
        drawing_pad(words, boxes(digits), lines, place, on_choice=lambda place: choose(digits, place))
    with right:
        show_reading(shown.problem, digits, place)
    st.caption(f"This network was trained on {training_data(classifier.header)}.")


def show_reading(problem: str, digits: list[DrawnDigit], place: int | None) -> None:
    """The reading; for the chosen digit the image that the network saw, the correction buttons and the probabilities.

    While there is no digit they keep their room, so that nothing jumps at the first stroke.
    """
    chosen = None if place is None else digits[place]
    reading = st.container(horizontal=True)
    with reading, st.container(key="reading"):
        if problem:
            st.error(escaped(sentence(problem)))
        elif not digits:
            st.html(INVITATION)
        else:
            words = headline(digits)
            size = FONT_SIZES.get(len(words), 2)
            lines = [f'<p style="margin: 0">{escape(line)}</p>' for line in explanation(digits)]
            st.html(
                f'<p style="font-size: {size}rem; line-height: 1.1; font-weight: 600; margin: 0">{words}</p>'
                + "".join(lines)
            )
    with reading, st.container(width="content"):
        picture = enlarged(BLANK if chosen is None else chosen.image, "The image that the network sees", side=112)
        st.html(hidden_unless(digits, f'{picture}<p style="font-size: 0.875rem; margin: 0">What the network sees</p>'))
    correct(digits, place)
    probabilities, answers = (np.zeros(10), ()) if chosen is None else (chosen.reading.probabilities, named(chosen))
    st.html(hidden_unless(digits, probability_bars(probabilities, answers)))


def hidden_unless(digits: list[DrawnDigit], html: str) -> str:
    """The HTML, or the room that it takes."""
    return html if digits else f'<div style="visibility: hidden">{html}</div>'


def correct(digits: list[DrawnDigit], place: int | None) -> None:
    """The buttons that correct or confirm the chosen digit; a tap stores the drawing with its true digit."""
    kept = kept_truths()
    keys = list(map(drawing_key, digits))
    by_key = dict(zip(keys, digits, strict=True))
    tap = newest_tap()
    try:
        if tap and tap[0] in by_key:
            keep(by_key[tap[0]], tap[1], kept)
    except HandwritingError as error:
        st.error(escaped(str(error)))
    truth_buttons(
        keys,
        list(map(letter, digits)),
        place,
        list(map(kept.get, keys)),
        on_choice=lambda place: choose(digits, place),
    )


def keep(digit: DrawnDigit, truth: str, kept: dict[str, str]) -> None:
    """Store the drawing with its true digit, or undo that."""
    handwriting = Handwriting(ROOT / FILE)
    key = drawing_key(digit)
    if truth == UNDO:
        handwriting.delete([key])
        kept.pop(key, None)
    else:
        weights = name_of(st.session_state["weights"])
        handwriting.keep(drawing_to_keep(digit, TRUTHS[truth], weights))
        kept[key] = truth


classifier = pick_classifier()
if classifier is None:
    st.info("There is no trained network yet. Train one with `make train`, then reload this page.")
else:
    draw_and_read(classifier)
