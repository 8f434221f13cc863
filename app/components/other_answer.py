"""How to get another answer: where more or less ink makes another digit likelier, and a small change that suffices."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.charts.html import enlarged
from app.charts.signed_numbers import ink_picture, over_ink, signed_picture
from app.texts.reading import read_as
from model.classifier import DigitClassifier
from model.layer import Array
from model.saliency import ChangedPicture, change_until, saliency
from training.formatting import whole_percent
from training.recognition.drawing import DrawnDigit


def show_other_answer(classifier: DigitClassifier, drawn: DrawnDigit) -> None:
    """Show where more or less ink would change the answer, and an image changed just enough."""
    image, probabilities = drawn.image, drawn.reading.probabilities
    answer, second = np.argsort(probabilities)[:-3:-1].tolist()
    st.header("What would have to change for another answer?")
    others = [digit for digit in range(10) if digit != answer]
    digit = st.radio("Another answer", others, index=others.index(second), horizontal=True)
    gradient, change = other_answer(classifier, image, digit)
    (changed,) = classifier.read(change.image[np.newaxis])
    before = f"{read_as(drawn.reading)}; as {digit}, {whole_percent(probabilities[digit])}"
    after = read_as(changed)
    if changed.digit == digit:
        after += f"; as {answer}, {whole_percent(changed.probabilities[answer])}"
    else:
        after += f": {change.steps} steps are not enough to turn it into a {digit}"
    pictures = [
        (ink_picture(image), "The image", f"{before}."),
        (
            over_ink(image, -gradient),
            f"Where ink makes {digit} likelier",
            f"−∂E/∂X. Blue: more ink makes a {digit} likelier. Red: less ink does.",
        ),
        (
            signed_picture(change.image / 255 - image / 255),
            "The change",
            f"{change.steps} small steps along −∂E/∂X: blue is more ink, red is less.",
        ),
        (ink_picture(change.image), "The changed image", f"{after}."),
    ]
    with st.container(horizontal=True):
        for picture, description, caption in pictures:
            with st.container(width=168):
                st.html(enlarged(picture, description, side=168))
                st.markdown(caption)
    st.caption(
        "E is the loss for an image of that digit; the backward pass computes ∂E/∂X for each pixel: "
        "Simonyan et al., “Deep Inside Convolutional Networks”, 2013."
    )


# Cached: it takes many steps through the network, and does not depend on the layer and the number that are chosen.
@st.cache_data(
    max_entries=100,
    show_spinner=False,
    hash_funcs={DigitClassifier: lambda classifier: (classifier.header, classifier.network.arrays())},
)
def other_answer(classifier: DigitClassifier, image: NDArray[np.uint8], digit: int) -> tuple[Array, ChangedPicture]:
    return saliency(classifier, image, digit), change_until(classifier, image, digit)
