"""The Look inside page: a digit's way through the network, layer by layer, with the computation of every number."""

import numpy as np
import streamlit as st

from app.components.digit_picker import pick_digit
from app.components.drawing_pad import drawing_pad
from app.components.inside.backward import backward_steps, backward_texts, show_errors, show_loss
from app.components.inside.forward import forward_pass, show_image, show_layer, show_probabilities
from app.components.inside.learning import current_lesson, show_learning
from app.components.layer_strip import layer_strip
from app.components.other_answer import show_other_answer
from app.components.shown import choose, shown_on_pad
from app.components.weights_picker import escaped, pick_classifier
from app.texts.reading import boxes, read_as, sentence
from model.classifier import DigitClassifier
from model.error_sums import format_error
from training.recognition.drawing import DrawnDigit, read_drawing

EXAMPLE = [[[300, 240], [400, 150], [540, 140], [660, 220], [660, 350], [570, 450], [450, 480], [580, 510], [690, 600],
            [700, 730], [600, 830], [450, 860], [300, 790]]]  # fmt: skip
PAD_WIDTH = 300
SMALL_LOSS = 0.01
FORWARD, BACKWARD = "Forward", "Backward"


@st.fragment
def look_inside(classifier: DigitClassifier) -> None:
    """The whole page, one fragment as on the Draw page."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Look inside", width="content")
        direction = st.radio(
            "Direction",
            [FORWARD, BACKWARD],
            horizontal=True,
            key="direction",
            label_visibility="collapsed",
            width="content",
        )
        digits = digits_on_pad(classifier)
        place = pick_digit(digits)
        with st.container(key="answer", width="content"):
            st.markdown(read_as(digits[place].reading))
    with st.container(gap="xsmall"):
        if direction == FORWARD:
            show_forward(classifier, digits, place)
        else:
            show_backward(classifier, digits[place])
    if direction == FORWARD:
        show_other_answer(classifier, digits[place])


def digits_on_pad(classifier: DigitClassifier) -> list[DrawnDigit]:
    """The digits that the user is looking at, or an example while there are none."""
    shown = shown_on_pad(classifier)
    if shown.problem:
        st.error(escaped(sentence(shown.problem)))
    if shown.digits:
        return shown.digits
    example = "Here is an example instead: a 3." if shown.problem else "The pad is blank, so here is an example: a 3."
    st.markdown(example, width="content")
    return read_drawing(classifier, [np.array(stroke, np.float64) for stroke in EXAMPLE])


def show_forward(classifier: DigitClassifier, digits: list[DrawnDigit], place: int) -> None:
    """The strip of the forward pass, and the chosen step of it; the first step is the pad itself."""
    forward = forward_pass(classifier.network, digits[place], classifier.temperature)
    last = len(forward.arrays) - 1
    step = min(st.session_state.setdefault("step", 1), last)
    layer_strip("strip", forward.steps, step, lambda chosen: st.session_state.update(step=chosen))
    text = forward.texts[step]
    st.markdown(f"${text.formula}$ &emsp; {text.sentence}")
    if step == 0:
        with st.container(horizontal=True, gap="medium"):
            with st.container(width=PAD_WIDTH):
                drawing_pad(
                    str(digits[place].reading),
                    boxes(digits),
                    chosen=place,
                    on_choice=lambda place: choose(digits, place),
                )
            with st.container():
                show_image(forward.arrays[0])
    elif step < last:
        show_layer(step, forward.layers[step - 1], forward.arrays[step - 1], forward.arrays[step])
    else:
        show_probabilities(forward)


def show_backward(classifier: DigitClassifier, drawn: DrawnDigit) -> None:
    """What the digit should have been read as, the strip of the backward pass, and the chosen step of it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("It was a", width="content")
        read = drawn.reading.digit
        digit = st.radio(
            "It was a",
            range(10),
            index=read,
            horizontal=True,
            key=f"truth of {read}",
            label_visibility="collapsed",
            width="content",
        )
        lesson = current_lesson(classifier.network, drawn.image, digit, classifier.temperature)
        copy = f", on a copy after step {len(lesson.rates)}" if lesson.rates else ""
        sure = (
            ": almost 0, so there is little to learn. Choose another digit." if lesson.losses[-1] < SMALL_LOSS else ""
        )
        st.markdown(f"E = −log p[{digit}] = {format_error(lesson.losses[-1])}{copy}{sure}", width="content")
    layers, backward, probabilities = lesson.network.layers, lesson.backward, lesson.probabilities
    texts = backward_texts(layers)
    last = len(texts) - 1
    place = min(st.session_state.setdefault("step back", 0), last)
    steps = backward_steps(texts, backward, probabilities)
    layer_strip("strip back", steps, place, lambda chosen: st.session_state.update({"step back": chosen}))
    st.markdown(f"${texts[place].formula}$ &emsp; {texts[place].sentence}")
    if place == 0:
        show_loss(backward.errors[-1], probabilities, digit, classifier.temperature)
    elif place < last:
        number = len(layers) - place
        show_errors(number, layers[number], lesson.arrays[number], backward)
    else:
        show_learning(lesson, drawn.reading.probabilities)


classifier = pick_classifier()
if classifier is None:
    st.info("There is no trained network yet. Train one with `make train`, then reload this page.")
else:
    look_inside(classifier)
