"""The Draw page: draw a number or upload an image of a digit, and see at once what the network reads."""

from html import escape

import numpy as np
import streamlit as st

from app.charts.html import enlarged, probability_bars
from app.components.digit_picker import pick_digit
from app.components.drawing_pad import drawing_pad, newest_message, strokes_in
from app.components.truth_buttons import TRUTHS, UNDO, newest_tap, truth_buttons
from app.components.weights_picker import ROOT, escaped, name_of, pick_classifier, training_data
from app.texts.reading import boxes, drawing_key, drawing_to_keep, explanation, headline, ordinal
from data.handwriting import FILE, Handwriting, HandwritingError
from model.classifier import DigitClassifier
from training.recognition.drawing import DrawnDigit, read_drawing
from training.recognition.picture import read_picture

BLANK = np.zeros((28, 28), np.uint8)
FONT_SIZES = {1: 6, 2: 6, 3: 5, 4: 4, 5: 3.25}  # rem, by the number of digits; 2 for text and for longer numbers


@st.fragment
def draw_and_read(classifier: DigitClassifier) -> None:
    """The whole page, which runs again while someone draws.

    The title is part of the fragment, so that the fragment is the first element of the page: Streamlit shows an empty
    window if any other fragment answers just after its page was left.
    """
    st.title("Draw a number")
    st.write("One digit, or several side by side.")
    with st.container(width=1100):
        left, right = st.columns(2, gap="medium")
        upload = st.file_uploader(
            "Or upload an image of a number, dark on light or light on dark",
            type=["png", "jpg", "jpeg", "webp", "bmp", "gif", "tif", "tiff", "heic"],
            key="upload",
            on_change=lambda: st.session_state.update(to_read="upload"),
        )
    digits: list[DrawnDigit] = []
    problem = ""
    try:
        if upload and st.session_state.get("to_read") == "upload":
            digits = read_picture(classifier, upload.getvalue())
            problem = "" if digits else "there is no digit in this image"
        else:
            digits = read_drawing(classifier, strokes_in(newest_message()))
    except ValueError as error:
        problem = str(error)
    words = problem or (headline(digits) if digits else "")
    with left:
        marked = digits if digits and digits[0].strokes else []
        drawing_pad(words, boxes(marked), on_change=lambda: st.session_state.update(to_read="drawing"))
    with right:
        show_reading(digits, problem)
    st.caption(f"This network was trained on {training_data(classifier.header)}.")


def show_reading(digits: list[DrawnDigit], problem: str) -> None:
    """The reading; for one digit also the image that the network saw, the probabilities and the correction buttons."""
    reading, picture = st.container(horizontal=True), BLANK
    chosen = None
    with reading, st.container(key="reading"):
        if problem:
            st.error(escaped(f"{problem[0].upper()}{problem[1:]}."))
        elif not digits:
            st.html('<p style="font-size: 2rem; margin: 0">Draw a digit</p>')
        else:
            words = headline(digits)
            size = FONT_SIZES.get(len(words), 2)
            lines = [f'<p style="margin: 0">{escape(line)}</p>' for line in explanation(digits)]
            st.html(
                f'<p style="font-size: {size}rem; line-height: 1.1; font-weight: 600; margin: 0">{words}</p>'
                + "".join(lines)
            )
    if digits:
        chosen = digits[pick_digit(digits)]
        picture = chosen.image
    with reading, st.container(width="content"):
        st.html(enlarged(picture, "The image that the network sees", side=112))
        st.caption("What the network sees")
    correct(digits, chosen)
    st.html(probability_bars(np.zeros(10) if chosen is None else chosen.reading.probabilities))


def correct(digits: list[DrawnDigit], chosen: DrawnDigit | None) -> None:
    """The buttons that correct or confirm the chosen digit; a tap stores the drawing with its true digit."""
    kept: dict[str, str] = st.session_state.setdefault("kept_truths", {})
    by_key = {drawing_key(digit): digit for digit in digits}
    tap = newest_tap()
    try:
        if tap and tap[0] in by_key:
            keep(by_key[tap[0]], tap[1], kept)
    except HandwritingError as error:
        st.error(escaped(str(error)))
    key = None if chosen is None else drawing_key(chosen)
    name = "this" if len(digits) < 2 or chosen is None else f"the {ordinal(digits.index(chosen))}"
    truth_buttons(key, f"Correct {name} digit:", kept.get(key) if key else None)


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
