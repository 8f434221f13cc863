"""The backward pass on the Look inside page: the strip from E back to the image, and the sum behind each number."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from app.charts.html import probability_bars
from app.charts.thumbnails import bars_thumbnail, maps_thumbnail
from app.components.inside.cells import choosable_numbers, choose_cell, chosen_index, side_by_side, size
from app.components.inside.sum_panel import show_equation, show_products
from app.components.layer_strip import Step
from app.components.number_maps import Cell, cell_of, number_maps
from app.texts.errors import LOSS, STEP, error_text
from app.texts.layers import LayerText
from model import ConvLayer, FCLayer, Layer
from model.backward_pass import BackwardPass
from model.error_sums import ErrorSum, format_error, gradient_sum, input_error_sum
from model.layer import Array, Arrays, Shape

SYMBOLS = {"weights": "∂E/∂W", "bias": "∂E/∂B", "scale": "∂E/∂scale", "shift": "∂E/∂shift"}


def backward_texts(layers: list[Layer]) -> list[LayerText]:
    return [LOSS, *(error_text(layer) for layer in reversed(layers)), STEP]


def backward_steps(texts: list[LayerText], backward: BackwardPass, probabilities: Array) -> list[Step]:
    """The strip: ∂E/∂Y of the last layer, ∂E/∂X of each layer, last to first, and the step."""
    errors = [(size(error.shape), maps_thumbnail(error)) for error in reversed(backward.errors)]
    pictures = [*errors, ("learn", bars_thumbnail(probabilities))]
    return [Step(text.name, *picture) for text, picture in zip(texts, pictures, strict=True)]


def show_loss(errors: Array, probabilities: Array, digit: int, temperature: float) -> None:
    """E, and how it depends on the ten outputs."""
    index = chosen_index("error of outputs", errors)
    bars, numbers, panel = side_by_side(2)
    with bars:
        st.html(probability_bars(probabilities))
    with numbers:
        choosable_numbers("∂E/∂Y", "error of outputs", "∂E/∂Y", errors, index)
    with panel:
        is_right = int(index[0] == digit)
        share = f"({probabilities[index[0]]:.4f} − {is_right}) / {temperature:.3g}"
        show_equation("∂E/∂Y", index, f"= (p − {is_right}) / T = {share} = {format_error(float(errors[index]))}")
        st.markdown(
            "1 for the right digit, 0 for the others. T is the temperature of the probabilities. E is this loss, "
            "whichever loss the network was trained with."
        )


def show_errors(number: int, layer: Layer, input: Array, backward: BackwardPass) -> None:
    """∂E/∂Y, the gradient of the parameters if there are any, ∂E/∂X, and the sum behind the chosen number."""
    input_error, output_error = backward.errors[number : number + 2]
    gradients = backward.gradients[number]
    keys = {part: f"error {number} {part}" for part in ("input", "output", "gradient", "parameter")}
    index = chosen_index(keys["input"], input_error)
    neuron = chosen_index(keys["output"], output_error)
    explained: dict[int, str] = st.session_state.setdefault("explained", {})
    outputs, *learned, inputs, panel = side_by_side(3 if gradients else 2)

    def choose(part: str) -> Callable[[Cell], None]:
        def chosen(cell: Cell) -> None:
            choose_cell(keys[part], cell)
            explained[number] = part

        return chosen

    symbol, found = "∂E/∂X", input_error_sum(layer, input, output_error, index)
    place = index
    if gradients:
        with learned[0]:
            name = pick_parameter(gradients, keys["parameter"])
            depth = kernel_depth(gradients[name], keys["input"]) if isinstance(layer, ConvLayer) else 0
            shown, whole = part_of_gradient(layer, name, gradients[name], depth, neuron[-1])
            chosen = chosen_index(keys["gradient"], shown)
            number_maps(
                f"{keys['gradient']} {name}",
                shown,
                SYMBOLS[name],
                cell_of(shown.shape, chosen),
                choose="cell",
                unit=f"input map {depth}, kernel",
                on_choice=choose("gradient"),
            )
            if isinstance(layer, FCLayer) and name == "weights":
                st.markdown(f"The weights of neuron {neuron[-1]}, which is chosen in ∂E/∂Y.")
        if explained.get(number) == "gradient":
            place = whole(chosen)
            symbol, found = SYMBOLS[name], gradient_sum(layer, input, output_error, name, place)
    depth = map_of_errors(found, keys["output"])
    with outputs:
        show_output_error(keys["output"], layer, output_error, found, depth, neuron)
    with inputs:
        st.markdown(f"∂E/∂X, {size(input_error.shape)}")
        number_maps(
            keys["input"],
            input_error,
            "∂E/∂X",
            cell_of(input_error.shape, index),
            choose="cell",
            on_choice=choose("input"),
        )
    with panel:
        show_equation(symbol, place, f"= {found.equation}")
        show_terms(found, depth)


def pick_parameter(gradients: Arrays, key: str) -> str:
    """The control that picks one of a layer's parameters."""
    name = st.radio(
        "Gradient",
        list(gradients),
        format_func=SYMBOLS.__getitem__,
        horizontal=True,
        key=key,
        label_visibility="collapsed",
    )
    return str(name)


def kernel_depth(gradient: Array, key: str) -> int:
    """The input map whose weights are shown: that of the chosen input, or the one with the largest gradient."""
    chosen = st.session_state["cells"].get(key)
    depths = gradient.shape[2] if gradient.ndim == 4 else 0
    if chosen is not None and chosen[2] < depths:
        return int(chosen[2])
    return int(np.abs(gradient).max(axis=(0, 1, 3)).argmax()) if depths else 0


def part_of_gradient(
    layer: Layer, name: str, gradient: Array, depth: int, neuron: int
) -> tuple[Array, Callable[[Shape], Shape]]:
    """What can be shown of a gradient as maps or a row, and the whole index of a number in it."""
    if isinstance(layer, ConvLayer) and name == "weights":
        return gradient[:, :, depth], lambda index: (index[0], index[1], depth, index[2])
    if isinstance(layer, FCLayer):
        if name == "weights":
            return gradient[:, neuron], lambda index: (index[0], neuron)
        return gradient[0], lambda index: (0, index[0])
    return gradient, lambda index: index


def show_output_error(key: str, layer: Layer, output_error: Array, found: ErrorSum, depth: int, neuron: Shape) -> None:
    """∂E/∂Y, with a frame around the errors in the sum. Of neurons one can be chosen, whose weights are shown."""
    st.markdown(f"∂E/∂Y, {size(output_error.shape)}")
    is_row = output_error.ndim == 1
    several_maps = found.errors.ndim == 3 and found.errors.shape[2] > 1  # else the sum says which map is shown
    number_maps(
        key,
        output_error,
        "∂E/∂Y",
        cell_of(output_error.shape, neuron) if is_row else (0, 0, depth),
        found.region,
        choose="cell" if is_row and isinstance(layer, FCLayer) else "map" if several_maps else "nothing",
        on_choice=lambda cell: choose_cell(key, cell),
    )


def map_of_errors(found: ErrorSum, key: str) -> int:
    """The map of ∂E/∂Y to show large: the only one in the sum, the chosen one, or the one that contributes most."""
    if found.errors.ndim != 3 or not found.errors.size:
        return 0
    if found.errors.shape[2] == 1:
        return found.region[2].start or 0
    chosen = st.session_state["cells"].get(key)
    if chosen is not None and chosen[2] < found.errors.shape[2]:
        return int(chosen[2])
    return int(np.abs((found.errors * found.factors).sum(axis=(0, 1))).argmax())


def show_terms(found: ErrorSum, depth: int) -> None:
    """In words and in numbers, which errors are added up."""
    count = found.errors.size
    if count < 2:
        return
    errors = found.errors
    if errors.ndim == 3 and errors.shape[2] > 1:
        maps = errors.shape[2]
        st.markdown(f"It fed {count} outputs: {count // maps} in each of {maps} maps.")
    else:
        st.markdown(f"It had a part in {count} outputs.")
    factors = np.broadcast_to(found.factors, errors.shape)
    show_products(errors, factors, ("∂E/∂y", found.factor), depth if errors.ndim == 3 and errors.shape[2] > 1 else 0)
