"""The Draw page: draw one digit or upload a picture of it, and see at once what the network reads."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.charts import enlarged, percent, probability_bars
from app.drawing_pad import drawing_pad, strokes_in
from app.weights_picker import escaped, pick_classifier, training_data
from data.ink import picture_to_image, strokes_to_image
from model.classifier import DigitClassifier

BLANK = np.zeros((28, 28), np.uint8)


@st.fragment
def draw_and_read(classifier: DigitClassifier) -> None:
    """The page, and all that runs again while someone draws.

    Title and end stand in here too, so that the fragment is the first thing on the page: Streamlit shows an empty
    window when any other fragment answers just after its page was left.
    """
    st.title("Which digit is it?")
    st.write("Draw one digit with mouse, finger or pen: the network reads it as you draw.")
    with st.container(width=1100):
        left, right = st.columns(2, gap="large")
        with left:
            message = drawing_pad(on_change=lambda: st.session_state.update(to_read="drawing"))
        upload = st.file_uploader(
            "Or upload a picture of one digit, dark on light or light on dark",
            type=["png", "jpg", "jpeg"],
            key="upload",
            on_change=lambda: st.session_state.update(to_read="upload"),
        )
    image, problem = None, ""
    try:
        if upload and st.session_state.get("to_read") == "upload":
            image = picture_to_image(upload.getvalue())
            problem = "" if image is not None else "there is no digit to be seen in this picture"
        else:
            image = strokes_to_image(strokes_in(message))
    except ValueError as error:
        problem = str(error)
    with right:
        show_reading(classifier, image, problem)
    st.caption(f"This network was trained on {training_data(classifier.header)}.")


def show_reading(classifier: DigitClassifier, image: NDArray[np.uint8] | None, problem: str) -> None:
    """The digit, the picture that the network saw, and the ten probabilities; or what stands in the way of them."""
    probabilities = np.zeros(10) if image is None else classifier.predict_proba(image[np.newaxis])[0]
    with st.container(horizontal=True):
        with st.container(key="reading"):
            if problem:
                st.error(escaped(f"{problem[0].upper()}{problem[1:]}."))
            elif image is None:
                st.html('<p style="font-size: 2rem; margin: 0">Draw a digit</p>')
            else:
                digit = probabilities.argmax()
                st.html(
                    f'<p style="font-size: 6rem; line-height: 1; font-weight: 600; margin: 0">{digit}</p>'
                    f'<p style="margin: 0">probability {percent(probabilities[digit])}</p>'
                )
        with st.container(width="content"):
            st.html(enlarged(BLANK if image is None else image, "The picture that the network sees", side=168))
            st.caption("What the network sees")
    st.vega_lite_chart(*probability_bars(probabilities))


classifier = pick_classifier()
if classifier is None:
    st.info("There is no trained network yet. Train one with `make train`, then reload this page.")
else:
    draw_and_read(classifier)
