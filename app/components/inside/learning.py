"""Steps of plain gradient descent on one picture, taken by a copy of the network that the session keeps."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.charts.html import probability_bars
from app.components.inside.cells import side_by_side
from model.backward_pass import BackwardPass, after_step, backward_pass
from model.cell_sums import layer_outputs
from model.error_sums import format_error
from model.images import images_to_input
from model.layer import Array
from model.losses import softmax
from model.network import Network

RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0]
MOST_STEPS = 100


@dataclass(frozen=True, eq=False)
class Lesson:
    """A network that learns that a picture shows a digit, and how far it has come.

    Attributes:
        first: the network in use, which is never changed.
        input: the picture, `(1, 28, 28, 1)`.
        digit: what it shows.
        network: the copy that has taken the steps; before the first, the network in use.
        rates: the learning rates of the steps taken.
        losses: E before the first step, and after each.
        backward: the backward pass of `network`.
    """

    first: Network
    input: Array
    digit: int
    temperature: float
    network: Network
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    backward: BackwardPass

    @property
    def arrays(self) -> list[Array]:
        """The input of each layer, and the output of the last."""
        return [array[0] for array in (self.input, *layer_outputs(self.network, self.input))]

    @property
    def probabilities(self) -> Array:
        return softmax(self.arrays[-1] / self.temperature)


def begin(network: Network, input: Array, digit: int, temperature: float) -> Lesson:
    backward = backward_pass(network, input, digit, temperature)
    return Lesson(network, input, digit, temperature, network, (), (backward.loss,), backward)


def step(lesson: Lesson, rate: float) -> Lesson:
    """One step further.

    Raises:
        OverflowError: the step is so long that E is not finite behind it.
    """
    with np.errstate(all="ignore"):
        network = after_step(lesson.network, lesson.backward.gradients, rate)
        backward = backward_pass(network, lesson.input, lesson.digit, lesson.temperature)
    if not (np.isfinite(backward.loss) and all(np.isfinite(error).all() for error in backward.errors)):
        raise OverflowError("This step is too long: E is not finite behind it. Choose a smaller learning rate.")
    rates, losses = (*lesson.rates, rate), (*lesson.losses, backward.loss)
    return replace(lesson, network=network, rates=rates, losses=losses, backward=backward)


def back(lesson: Lesson, steps: int) -> Lesson:
    """So many steps back: the others are taken again, as only the newest copy is kept."""
    again = begin(lesson.first, lesson.input, lesson.digit, lesson.temperature)
    for rate in lesson.rates[: len(lesson.rates) - steps]:
        again = step(again, rate)
    return again


def current_lesson(network: Network, image: NDArray[np.uint8], digit: int, temperature: float) -> Lesson:
    """The session's lesson; a new one for another network, picture or digit."""
    kept: Lesson | None = st.session_state.get("lesson")
    input = images_to_input(image[np.newaxis])
    if kept is None or kept.first is not network or kept.digit != digit or not np.array_equal(kept.input, input):
        kept = st.session_state["lesson"] = begin(network, input, digit, temperature)
    return kept


def show_learning(lesson: Lesson, before: Array) -> None:
    """The ten bars before and after the steps, E after each, and the buttons that take a step or go back."""
    first, second, panel = side_by_side(2)
    count = len(lesson.rates)
    with first:
        st.markdown(f"Before: E = {format_error(lesson.losses[0])}")
        st.html(probability_bars(before))
    with second:
        steps = "1 step" if count == 1 else f"{count} steps"
        st.markdown(f"After {steps}: E = {format_error(lesson.losses[-1])}")
        st.html(probability_bars(lesson.probabilities))
    with panel:
        rate = st.selectbox("Learning rate η", RATES, index=RATES.index(0.01), format_func="{:g}".format, key="rate")
        with st.container(horizontal=True, gap="xsmall"):
            name = "Step again" if count else "Take this step"
            st.button(name, type="primary", on_click=take, args=(lesson, rate), disabled=count >= MOST_STEPS)
            st.button("One step back", on_click=go_back, args=(lesson, 1), disabled=not count)
            st.button("Start over", on_click=go_back, args=(lesson, count), disabled=not count)
        if problem := st.session_state.pop("step problem", ""):
            st.error(problem)
        if count:
            st.markdown(f"E: {' → '.join(map(format_error, lesson.losses[-6:]))}")
            if lesson.losses[-1] > lesson.losses[-2]:
                st.markdown("E grew: the step was too long for so curved a surface. Go back and take a smaller one.")
            st.markdown("Only the copy has learned. The strip shows its errors now; Draw still reads with the network.")


def take(lesson: Lesson, rate: float) -> None:
    try:
        st.session_state["lesson"] = step(lesson, rate)
    except OverflowError as error:
        st.session_state["step problem"] = str(error)


def go_back(lesson: Lesson, steps: int) -> None:
    st.session_state["lesson"] = back(lesson, steps)
