"""The Look inside page: a digit's way through the network, layer by layer, with the computation of every number."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from app.charts.html import probability_bars
from app.charts.signed_numbers import number_table
from app.components.digit_picker import pick_digit
from app.components.drawing_pad import drawing_pad
from app.components.number_maps import Cell, cell_of, index_of, number_maps
from app.components.other_answer import show_other_answer
from app.components.shown import choose, shown_on_pad
from app.components.weights_picker import escaped, pick_classifier
from app.texts.layers import IMAGE, PROBABILITIES, LayerText, layer_text
from app.texts.reading import boxes, sentence
from model import ConvLayer, Layer
from model.cell_sums import CellSum, cell_sum, format_number, layer_outputs, probability_sum
from model.classifier import DigitClassifier
from model.images import images_to_input
from model.layer import Array, Shape
from training.formatting import whole_percent
from training.recognition.drawing import DrawnDigit, read_drawing

EXAMPLE = [[[300, 240], [400, 150], [540, 140], [660, 220], [660, 350], [570, 450], [450, 480], [580, 510], [690, 600],
            [700, 730], [600, 830], [450, 860], [300, 790]]]  # fmt: skip
LARGEST_PRODUCTS = 12

st.session_state.setdefault("cells", {})  # the chosen cell in each step's output
st.session_state.setdefault("sources", {})  # the chosen map in each step's input


@st.fragment
def look_inside(classifier: DigitClassifier) -> None:
    """The whole page, one fragment as on the Draw page."""
    st.title("Look inside")
    st.write("Draw, pick a layer, click a number to see how it was computed.")
    left, right = st.columns([1, 3], gap="large")
    with left, st.container(width=300):
        pad = st.container()
        digits = digits_on_pad(classifier)
        place = pick_digit(digits)
        chosen = digits[place]
        image, probabilities = chosen.image, chosen.reading.probabilities
        answer = int(probabilities.argmax())
        with pad:
            drawing_pad(str(answer), boxes(digits), chosen=place, on_choice=lambda place: choose(digits, place))
        with st.container(key="answer"):
            st.markdown(f"Read as **{answer}**, probability {whole_percent(probabilities[answer])}")
    values = images_to_input(image[np.newaxis])
    arrays = [array[0] for array in (values, *layer_outputs(classifier.network, values))]
    texts = [IMAGE, *map(layer_text, classifier.network.layers), PROBABILITIES]
    with right:
        step = pick_step(texts, [array.shape for array in (*arrays, probabilities)])
    if step == 0:
        show_image(image, arrays[0])
    elif step < len(arrays):
        show_layer(step, classifier.network.layers[step - 1], arrays[step - 1], arrays[step])
    else:
        show_probabilities(step, arrays[-1], probabilities, classifier.temperature)
    show_other_answer(classifier, image, probabilities)


def digits_on_pad(classifier: DigitClassifier) -> list[DrawnDigit]:
    """The digits that the user is looking at, or an example while there are none."""
    shown = shown_on_pad(classifier)
    if shown.problem:
        st.error(escaped(sentence(shown.problem)))
    if shown.digits:
        return shown.digits
    st.markdown("The pad is blank, so here is an example: a 3.")
    return read_drawing(classifier, [np.array(stroke, np.float64) for stroke in EXAMPLE])


def pick_step(texts: list[LayerText], shapes: list[Shape]) -> int:
    """The control that picks a step, from image to probabilities, and a description of that step."""
    step = st.radio(
        "Step",
        range(len(texts)),
        index=1,
        format_func=lambda step: f"{step} {texts[step].name} · {size(shapes[step])}",
        horizontal=True,
        key="step",
    )
    st.markdown(f"$\\displaystyle {texts[step].formula}$")
    st.markdown(texts[step].sentence)
    return step


def show_image(image: NDArray[np.uint8], values: Array) -> None:
    index = chosen_index(0, values)
    with st.container(width=400):
        show_numbers("X", 0, values, index)
    pixel = image[index[:2]]
    show_equation("X", index, f"pixel / 255 = {pixel} / 255 = {format_number(pixel / 255)}")


def show_layer(step: int, layer: Layer, input: Array, output: Array) -> None:
    """A layer's input, its weights if it has any, and its output side by side; below, how one number was computed."""
    index = chosen_index(step, output)
    cell = cell_sum(layer, input, index)
    source = source_map(step, cell)
    columns = st.columns(2 if cell.weights is None else 3, gap="medium")
    with columns[0]:
        show_input(step, input, cell, source, isinstance(layer, ConvLayer))
    if isinstance(layer, ConvLayer):
        with columns[1]:
            show_kernels(step, layer.weights[:, :, source], index)
    elif cell.weights is not None:
        with columns[1]:
            st.markdown(f"Weights W of neuron {index[-1]}")
            number_maps(f"weights {step}", cell.weights, "Weights", (0, 0, 0))
    with columns[-1]:
        show_numbers("Output Y", step, output, index)
    show_equation("Y", index, cell.equation)
    if cell.inputs.ndim == 3:
        show_patch(cell, source)
    elif cell.weights is not None:
        show_largest_products(cell)


def show_input(step: int, input: Array, cell: CellSum, source: int, choosable: bool) -> None:
    """A layer's input, with a frame around the numbers that the chosen output is computed from."""
    st.markdown(f"Input X, {size(input.shape)}")
    number_maps(
        f"input {step}",
        input,
        "Input",
        (0, 0, source),
        cell.region,
        choose="map" if choosable and input.shape[-1] > 1 else "nothing",
        on_choice=lambda chosen: st.session_state["sources"].update({step: chosen[2]}),
    )


def show_kernels(step: int, kernels: Array, index: Shape) -> None:
    """All kernels of a convolution for one map of the input, `(m, n, k)`."""
    row, column, depth = index
    st.markdown(f"Kernels W, {kernels.shape[2]} of {size(kernels.shape[:2])}")
    number_maps(
        f"weights {step}",
        kernels,
        "Kernels",
        (0, 0, depth),
        unit="kernel",
        choose="map" if kernels.shape[2] > 1 else "nothing",
        on_choice=lambda chosen: st.session_state["cells"].update({step: (row, column, chosen[2])}),
    )


def show_numbers(name: str, step: int, values: Array, index: Shape) -> None:
    """An array of numbers, one of which can be chosen."""
    st.markdown(f"{name}, {size(values.shape)}")
    number_maps(
        f"output {step}",
        values,
        name,
        cell_of(values.shape, index),
        choose="cell",
        on_choice=lambda chosen: st.session_state["cells"].update({step: chosen}),
    )


def show_equation(name: str, index: Shape, equation: str) -> None:
    places = ", ".join(map(str, index))
    with st.container(key="sum"):
        st.html(f'<p style="font-size: 1.25rem; margin: 0"><b>{name}[{places}]</b> = {equation}</p>')


def show_patch(cell: CellSum, source: int) -> None:
    """The numbers under the kernel, the kernel, and their products, for one map of the input."""
    if cell.weights is None:
        if cell.inputs.size > 1:
            st.html(number_table(cell.inputs[..., 0], "X in the frame"))
        return
    depth = cell.inputs.shape[2]
    where = f", map {source}" if depth > 1 else ""
    sums = cell.products.sum(axis=(0, 1))
    with st.container(horizontal=True, gap="large"):
        for values, caption in (
            (cell.inputs, f"x{where}"),
            (cell.weights, f"w{where}"),
            (cell.products, f"x · w, sum {format_number(sums[source])}"),
        ):
            with st.container(width="content"):
                st.html(number_table(values[..., source], caption))
    if depth > 1:
        st.html(
            number_table(sums.reshape(-1, 8 if depth % 8 == 0 else depth), "Σ x · w of each map, 0, 1, 2, …", source)
        )


def show_largest_products(cell: CellSum) -> None:
    """The inputs with the largest products, for a neuron with many inputs."""
    assert cell.weights is not None
    places, others = cell.largest_products(LARGEST_PRODUCTS)
    inputs, weights, products = cell.inputs.ravel(), cell.weights.ravel(), cell.products.ravel()
    rows = [
        (f"x[{i}]", format_number(inputs[i]), format_number(weights[i]), format_number(products[i])) for i in places
    ]
    if len(products) > len(places):
        rows.append((f"the other {len(products) - len(places)}", "", "", format_number(others)))
    rows.append(("bias b", "", "", format_number(cell.bias)))
    names = ("largest products", "x", "w", "x · w")
    with st.container(width=500):
        st.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})


def show_probabilities(step: int, outputs: Array, probabilities: Array, temperature: float) -> None:
    digit = chosen_index(step, probabilities)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(f"Output Y, {size(outputs.shape)}")
        number_maps("outputs", outputs, "Outputs", cell_of(outputs.shape, digit), (slice(digit[0], digit[0] + 1),))
        show_numbers("Probabilities p", step, probabilities, digit)
    with right:
        st.html(probability_bars(probabilities))
    show_equation("p", digit, probability_sum(outputs, digit[0], temperature).equation)


def chosen_index(step: int, values: Array) -> Shape:
    """The index of the chosen number in a step's output; by default the largest number."""
    cell: Cell | None = st.session_state["cells"].get(step)
    index = index_of(values.shape, cell) if cell else None
    return index or tuple(int(place) for place in np.unravel_index(values.argmax(), values.shape))


def source_map(step: int, cell: CellSum) -> int:
    """The input map to show large: the only one in the sum, the chosen one, or the one that contributes most."""
    if cell.inputs.ndim != 3:
        return 0
    if cell.inputs.shape[2] == 1:
        return cell.region[2].start or 0
    source = st.session_state["sources"].get(step)
    if source is not None and source < cell.inputs.shape[2]:
        return source
    return int(np.abs(cell.products.sum(axis=(0, 1))).argmax())


def size(shape: Shape) -> str:
    """(24, 24, 16) → "24 × 24 × 16"."""
    return " × ".join(map(str, shape))


classifier = pick_classifier()
if classifier is None:
    st.info("There is no trained network yet. Train one with `make train`, then reload this page.")
else:
    look_inside(classifier)
