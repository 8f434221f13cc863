"""The forward pass on the Look inside page: the network as a strip, and behind each step's numbers their sums."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app.charts.html import probability_bars
from app.charts.signed_numbers import ink_picture, number_table
from app.charts.thumbnails import bars_thumbnail, maps_thumbnail
from app.components.inside.cells import choosable_numbers, choose_cell, chosen_index, side_by_side, size
from app.components.inside.sum_panel import show_equation, show_products
from app.components.layer_strip import Step
from app.components.number_maps import cell_of, number_maps
from app.texts.layers import IMAGE, PROBABILITIES, LayerText, layer_text
from app.texts.reading import named
from model import ConvLayer, Layer
from model.cell_sums import CellSum, cell_sum, format_number, layer_outputs, probability_sum
from model.images import images_to_input
from model.layer import Array
from model.network import Network
from training.recognition.drawing import DrawnDigit


@dataclass(frozen=True, eq=False)
class ForwardPass:
    """A digit on its way through a network: the array after each step, from the input to the ten probabilities."""

    layers: list[Layer]
    arrays: list[Array]
    temperature: float
    answers: tuple[int, ...]  # the digits that the reading names, none where it is refused

    @property
    def texts(self) -> list[LayerText]:
        return [IMAGE, *map(layer_text, self.layers), PROBABILITIES]

    @property
    def steps(self) -> list[Step]:
        """The strip: the image, each layer's output, and the ten probabilities."""
        image, *outputs, probabilities = self.arrays
        thumbnails = [
            ink_picture(np.round(255 * image[..., 0]).astype(np.uint8)),
            *map(maps_thumbnail, outputs),
            bars_thumbnail(probabilities),
        ]
        return [
            Step(text.name, size(array.shape), thumbnail)
            for text, array, thumbnail in zip(self.texts, self.arrays, thumbnails, strict=True)
        ]


def forward_pass(network: Network, digit: DrawnDigit, temperature: float) -> ForwardPass:
    values = images_to_input(digit.image[np.newaxis])
    outputs = [output[0] for output in layer_outputs(network, values)]
    return ForwardPass(network.layers, [values[0], *outputs, digit.reading.probabilities], temperature, named(digit))


def show_layer(step: int, layer: Layer, input: Array, output: Array) -> None:
    """A layer's input, its weights if it has any, its output, and the sum behind the chosen number, side by side."""
    index = chosen_index(f"output {step}", output)
    cell = cell_sum(layer, input, index)
    source = source_map(step, cell)
    panels = iter(side_by_side(2 if cell.weights is None else 3))
    with next(panels):
        show_input(step, input, cell, source, isinstance(layer, ConvLayer))
    if isinstance(layer, ConvLayer):
        with next(panels):
            show_kernels(step, layer.weights[:, :, source], index[-1])
    elif cell.weights is not None:
        with next(panels):
            st.markdown(f"Weights W of neuron {index[-1]}")
            number_maps(f"weights {step}", cell.weights, "Weights", (0, 0, 0))
    with next(panels):
        choosable_numbers("Output Y", f"output {step}", "Output Y", output, index)
    with next(panels):
        show_equation("Y", index, f"= {cell.equation}")
        if cell.weights is not None:
            show_products(cell.inputs, cell.weights, ("x", "w"), source, cell.bias)
        elif cell.inputs.size > 1:
            st.html(number_table(cell.inputs[..., 0], "X in the frame"))


def show_input(step: int, input: Array, cell: CellSum, source: int, choosable: bool) -> None:
    """A layer's input, with a frame around the numbers that the chosen output is computed from."""
    st.markdown(f"Input X, {size(input.shape)}")
    number_maps(
        f"input {step}",
        input,
        "Input X",
        (0, 0, source),
        cell.region,
        choose="map" if choosable and input.shape[-1] > 1 else "nothing",
        on_choice=lambda chosen: choose_cell(f"input {step}", chosen),
    )


def show_kernels(step: int, kernels: Array, depth: int) -> None:
    """All kernels of a convolution for one map of the input, `(m, n, k)`."""
    st.markdown(f"Kernels W, {kernels.shape[2]} of {size(kernels.shape[:2])}")

    def choose(chosen: tuple[int, int, int]) -> None:
        row, column, _ = st.session_state["cells"].get(f"output {step}", (0, 0, 0))
        choose_cell(f"output {step}", (row, column, chosen[2]))

    number_maps(
        f"weights {step}",
        kernels,
        "Kernels W",
        (0, 0, depth),
        unit="kernel",
        choose="map" if kernels.shape[2] > 1 else "nothing",
        on_choice=choose,
    )


def show_image(values: Array) -> None:
    """The input, whose numbers come from pixels."""
    index = chosen_index("output 0", values)
    numbers, panel = side_by_side(1)
    with numbers:
        choosable_numbers("X", "output 0", "X", values, index)
    with panel:
        pixel = round(255 * float(values[index]))
        show_equation("X", index, f"= pixel / 255 = {pixel} / 255 = {format_number(values[index])}")


def show_probabilities(forward: ForwardPass) -> None:
    """The ten outputs, and the probabilities that they become."""
    step, (outputs, probabilities) = len(forward.arrays) - 1, forward.arrays[-2:]
    digit = chosen_index(f"output {step}", probabilities)
    numbers, bars, panel = side_by_side(2)
    with numbers:
        st.markdown(f"Output Y, {size(outputs.shape)}")
        number_maps("outputs", outputs, "Outputs Y", cell_of(outputs.shape, digit), (slice(digit[0], digit[0] + 1),))
        choosable_numbers("Probabilities p", f"output {step}", "Probabilities p", probabilities, digit)
    with bars:
        st.html(probability_bars(probabilities, forward.answers))
    with panel:
        show_equation("p", digit, f"= {probability_sum(outputs, digit[0], forward.temperature).equation}")


def source_map(step: int, cell: CellSum) -> int:
    """The input map to show large: the only one in the sum, the chosen one, or the one that contributes most."""
    if cell.inputs.ndim != 3:
        return 0
    if cell.inputs.shape[2] == 1:
        return cell.region[2].start or 0
    chosen = st.session_state["cells"].get(f"input {step}")
    if chosen is not None and chosen[2] < cell.inputs.shape[2]:
        return int(chosen[2])
    return int(np.abs(cell.products.sum(axis=(0, 1))).argmax())
