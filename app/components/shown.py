"""What the user is looking at, on every page with a drawing pad: a drawing or a picture, and one of its digits."""

from dataclasses import dataclass, replace
from io import BytesIO

import streamlit as st
from PIL import Image

from app.components.drawing_pad import newest_message, newest_picture, strokes_in
from app.texts.reading import least_certain
from model.classifier import DigitClassifier
from training.recognition.drawing import DrawnDigit, read_drawing
from training.recognition.picture import read_picture

SIDE = 1000  # of the pad, in the unit of the strokes and boxes
CHOSEN = "chosen_digit"  # in the session state: the places of the digits at the time, and the chosen one
READ_PICTURE = "read_picture"  # in the session state: the last picture, the network that read it, and the digits


@dataclass(frozen=True)
class Shown:
    """The digits on the pad, their boxes in the pad's unit; and what was wrong with the newest message, or ""."""

    digits: list[DrawnDigit]
    problem: str = ""


def shown_on_pad(classifier: DigitClassifier) -> Shown:
    """Read what is on the pad. After a refused picture, the digits are those of what is still there."""
    picture = newest_picture()
    refusal = picture.problem if picture else ""
    try:
        if picture and picture.png:
            digits = digits_in(classifier, picture.png)
            return Shown(digits, refusal or ("" if digits else "there is no digit in this image"))
        return Shown(read_drawing(classifier, strokes_in(newest_message())), refusal)
    except ValueError as error:
        return Shown([], str(error))


def digits_in(classifier: DigitClassifier, png: bytes) -> list[DrawnDigit]:
    """The digits in a picture. They are kept until another picture or network comes: a page runs again at every tap."""
    network, picture, digits = st.session_state.get(READ_PICTURE, (None, b"", []))
    if network is not classifier or picture != png:
        digits = read_on_pad(classifier, png)
        st.session_state[READ_PICTURE] = (classifier, png, digits)
    return digits


def read_on_pad(classifier: DigitClassifier, png: bytes) -> list[DrawnDigit]:
    """Read a picture; the boxes are moved to where the pad shows them: as large as fits, in the middle."""
    width, height = Image.open(BytesIO(png), formats=["PNG"]).size
    scale = SIDE / max(width, height)
    left, top = (SIDE - scale * width) / 2, (SIDE - scale * height) / 2

    def moved(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        return left + scale * box[0], top + scale * box[1], left + scale * box[2], top + scale * box[3]

    return [replace(digit, box=moved(digit.box)) for digit in read_picture(classifier, png)]


def chosen_place(digits: list[DrawnDigit]) -> int:
    """The place of the digit that the user chose; by default of the least certain one."""
    boxes, place = st.session_state.get(CHOSEN, ([], 0))
    return place if boxes == [digit.box for digit in digits] else least_certain(digits)


def choose(digits: list[DrawnDigit], place: int) -> None:
    """Choose a digit, until there are others."""
    st.session_state[CHOSEN] = ([digit.box for digit in digits], place)
