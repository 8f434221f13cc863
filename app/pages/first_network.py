"""The First network page: the article's XOR network and its network for digits, learning step by step."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from app.charts.first_network import LEFT, SIDE, decision_picture, errors_chart
from app.charts.html import enlarged
from app.charts.signed_numbers import number_table
from data.datasets import Dataset, DatasetError, is_at_hand, load_dataset
from training.first_network import (
    LEARNED_DIGITS,
    OTHER_DIGITS,
    Lesson,
    accuracy_on_others,
    digits_lesson,
    neuron_lines,
    output_over_square,
    xor_lesson,
)
from training.formatting import decimal, whole_percent

SECONDS = 0.3  # between two looks at a network that learns
XOR_AT_ONCE, DIGITS_AT_ONCE = 4 * 20, 50  # samples between two looks
POSITIONS = np.linspace(LEFT, LEFT + SIDE, 31)
IMAGES_A_POINT = 50  # in the digits' error curve


def first_network() -> None:
    """The whole page, one fragment as on the Train page."""
    st.title("First network")
    st.markdown(
        "The article's first program: a network learns *exclusive or*, 1 where one of its two inputs is 1, else 0. "
        "No straight line separates the two answers, so it needs a hidden layer: here of three neurons."
    )
    xor = controls("xor", "epoch", 4, XOR_AT_ONCE, xor_lesson)
    show_xor(xor)
    st.header("The same with digits")
    dataset, name = digits(is_at_hand("mnist"))
    st.markdown(
        f"The article's network for digits learns {LEARNED_DIGITS:,} images of {name} one at a time, as above. "
        f"It is measured on {OTHER_DIGITS} others."
    )
    if dataset.name != "mnist":
        st.info("MNIST is not on this computer: `make train` downloads it.")
    if st.session_state.get("running") not in (None, "xor", dataset.name):  # MNIST has come: the other lesson ends
        st.session_state["running"] = None
        st.rerun()
    lesson = controls(dataset.name, "image", 1, DIGITS_AT_ONCE, lambda seed: digits_lesson(seed, dataset))
    show_digits(lesson, dataset)


def controls(name: str, unit: str, step: int, at_once: int, begin: Callable[[int], Lesson]) -> Lesson:
    """The buttons and settings of a lesson, which learns as they say.

    Args:
        name: of the lesson, and of what the session keeps of it.
        unit: what a step is called.
        step: the samples of a step.
        at_once: the samples between two looks, while it runs.
        begin: makes the lesson from a seed.
    """
    running = st.session_state.get("running") == name
    kept: tuple[int, Lesson] | None = st.session_state.get(name)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rate = st.number_input("Learning rate", 0.001, 1.0, 0.1, 0.05, format="%.3f", key=f"{name} rate", width=150)
        seed = int(st.number_input("Seed", 0, 999_999, kept[0] if kept else 0, key=f"{name} seed", width=150))
        restarted = st.button("Restart", key=f"{name} restart")
        if restarted or kept is None or kept[0] != seed:
            kept = st.session_state[name] = (seed, begin(seed))
        lesson = kept[1]
        stepped = st.button(f"One {unit}", disabled=running or lesson.finished, key=f"{name} step")
        toggled = st.button("Pause" if running else "Run", disabled=lesson.finished, key=f"{name} run", type="primary")
    if toggled or (running and restarted):
        st.session_state["running"] = None if running else name
        st.rerun()
    if stepped or running:
        lesson.learn(step if stepped else at_once, rate)
        if lesson.finished:
            if running:
                st.session_state["running"] = None
            st.rerun()
    return lesson


def show_xor(lesson: Lesson) -> None:
    """The decision picture, the error curve, the four answers and all weights."""
    network, epochs = lesson.network, lesson.mean_errors(len(lesson.x))
    answers = network.predict(lesson.x)
    error = decimal(epochs[-1]) if epochs else "–"
    st.markdown(f"**Epoch {len(epochs):,} of {lesson.epochs:,}**, error E = {error}")
    left, right = st.columns(2, gap="large")
    with left:
        outputs, lines = output_over_square(network, POSITIONS), neuron_lines(network)
        described = [f"{x1:.0f}, {x2:.0f}: {y:.2f}" for (x1, x2), (y,) in zip(lesson.x, answers, strict=True)]
        description = f"The output over the square; at {'; '.join(described)}"
        st.html(decision_picture(outputs, lines, lesson.x, lesson.y, description))
        st.caption(
            "x₁ to the right, x₂ upwards. The output is nearer to 1 where it is blue, nearer to 0 where it is red. "
            "Circles: the four samples with their targets. Dashed: where a hidden neuron is 0."
        )
    with right:
        show_errors(epochs, lesson.epochs, "epoch")
    with st.container(horizontal=True, gap="large"):
        samples = np.hstack([lesson.x, lesson.y, answers])
        first, second = network.layers[0].parameters, network.layers[2].parameters
        for values, caption in (
            (samples, "x₁, x₂, Y* (target), Y (output)"),
            (np.vstack([first["weights"], first["bias"]]), "hidden layer: W, and B below"),
            (np.vstack([second["weights"], second["bias"]]), "output layer"),
        ):
            with st.container(width="content"):
                st.html(number_table(values, caption))


def show_digits(lesson: Lesson, dataset: Dataset) -> None:
    """The image that was learned last, its outputs, and the error curve."""
    read = whole_percent(accuracy_on_others(lesson.network, dataset))
    st.markdown(
        f"**Image {len(lesson.errors):,} of {lesson.samples:,}**, reads {read} of the {OTHER_DIGITS} others right"
    )
    left, right = st.columns(2, gap="large")
    with left:
        place = lesson.last
        if place is None or lesson.output is None:
            st.markdown("It has learned no image yet: its weights are random.")
        else:
            with st.container(horizontal=True, gap="medium"):
                with st.container(width="content"):
                    digit = int(dataset.train_labels[place])
                    st.html(enlarged(dataset.train_images[place], f"A handwritten {digit}", side=140))
                    st.markdown(f"A {digit}, error E = {decimal(lesson.errors[-1])}")
                with st.container(width="content"):
                    outputs = np.stack([lesson.y[place], lesson.output], axis=1)
                    st.html(number_table(outputs, "Y* (target) and Y, 0 to 9"))
    with right:
        show_errors(lesson.mean_errors(IMAGES_A_POINT), lesson.samples // IMAGES_A_POINT, f"{IMAGES_A_POINT} images")


def show_errors(errors: list[float], most: int, unit: str) -> None:
    if errors:
        st.altair_chart(errors_chart(errors, most, unit), alt=f"The mean error of each {unit}")
    else:
        st.markdown(f"The error curve begins after the first {unit}.")


@st.cache_resource(show_spinner="Loading the digits …")
def digits(of_mnist: bool) -> tuple[Dataset, str]:
    """The images of the lesson, and what they are called: of MNIST, or of scikit-learn's small digits."""
    try:
        dataset = load_dataset("mnist" if of_mnist else "digits")
    except DatasetError:  # what was there is damaged, and cannot be downloaded again
        dataset = load_dataset("digits")
    few = slice(LEARNED_DIGITS + OTHER_DIGITS)
    images, labels = dataset.train_images[few].copy(), dataset.train_labels[few].copy()
    name = "MNIST" if dataset.name == "mnist" else "scikit-learn’s small digits"
    return Dataset(dataset.name, images, labels, images[:0], labels[:0]), name


st.fragment(first_network, run_every=SECONDS if st.session_state.get("running") else None)()
