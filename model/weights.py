"""Weights files: one `.npz` that rebuilds a network without the code that trained it, and can run no code.

The file is a zip of plain arrays, one for each of a network's `arrays()`, and of `header`, JSON text in UTF-8 bytes:

    {"format": 1, "architecture": {"input_shape": [28, 28, 1], "layers": [{"layer": "ConvLayer", …}, …]}, …}

Beside these two the header holds what its writer wants to say of the network: data set, recipe, seed, accuracy, commit.
"""

import json
import math
import os
from typing import Any

import numpy as np

from .activation_layer import ActivationLayer
from .activations import ACTIVATIONS
from .archive import WeightsError, brief, read_arrays, read_json, write_arrays
from .batch_normalization_layer import BatchNormalizationLayer
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .flatten_layer import FlattenLayer
from .layer import Layer
from .max_pooling_layer import MaxPoolingLayer
from .network import Network

__all__ = ["WeightsError", "load_network", "save_network"]

FORMAT = 1
MOST_LAYERS = 200
LARGEST_OUTPUT = 2**20  # numbers that a layer gives for one sample
LAYERS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (
        ActivationLayer,
        BatchNormalizationLayer,
        ConvLayer,
        DropoutLayer,
        FCLayer,
        FlattenLayer,
        MaxPoolingLayer,
    )
}


def save_network(path: str | os.PathLike[str], network: Network, header: dict[str, Any] | None = None) -> None:
    """Write the network to `path`, whole or not at all.

    Args:
        header: what else to say of the network, as JSON can hold it.

    Raises:
        ValueError: a layer or an activation is not one that a file can name.
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    about = {**(header or {}), "format": FORMAT, "architecture": describe(network)}
    arrays = {"header": np.frombuffer(json.dumps(about).encode(), np.uint8), **network.arrays()}
    write_arrays(path, arrays)


def load_network(path: str | os.PathLike[str]) -> tuple[Network, dict[str, Any]]:
    """The network in a weights file, and its header.

    Raises:
        WeightsError: the file is missing, truncated, of another format, or its arrays are not just those of the
            architecture that it names, in shape, dtype and being finite.
    """
    arrays = read_arrays(path)
    try:
        header = read_json(arrays.pop("header"))
        if header["format"] != FORMAT:
            raise WeightsError(
                f"{path} has format {brief(header['format'])}, this program reads {FORMAT}: train it again"
            )
        network = rebuild(header["architecture"], arrays)
        fill(network.arrays(), arrays)
    except WeightsError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"{path} is not a usable weights file ({brief(error)}): train it again or take another"
        ) from None
    return network, header


def describe(network: Network) -> dict[str, Any]:
    """The architecture as data: the input shape and each layer's name and settings."""
    for layer in network.layers:
        known = LAYERS.get(type(layer).__name__) is type(layer)
        if isinstance(layer, ActivationLayer):
            known = ACTIVATIONS.get(layer.activation.__name__) == (layer.activation, layer.activation_prime)
        if not known:
            raise ValueError(f"a weights file cannot name this {type(layer).__name__}: use the layers of model/")
    layers = [{"layer": type(layer).__name__, **layer.settings()} for layer in network.layers]
    return {"input_shape": network.input_shape, "dtype": network.dtype.name, "layers": layers}


def rebuild(architecture: dict[str, Any], arrays: dict[str, Any]) -> Network:
    """The network that `describe` described, with weights still to be filled in.

    Args:
        arrays: the weights. No layer is built that asks for others: a few words could ask for any amount of memory.

    Raises:
        KeyError, IndexError, TypeError, ValueError, AttributeError: the description is not one of a network with these
            weights.
    """
    dtype = architecture["dtype"]
    if dtype not in ("float32", "float64"):
        raise ValueError(f"weights are float32 or float64, not {dtype!r}")
    network = Network(tuple(_sizes(architecture["input_shape"])), dtype=dtype)
    if len(architecture["layers"]) > MOST_LAYERS:
        raise ValueError(f"it has more than {MOST_LAYERS} layers")
    for number, description in enumerate(architecture["layers"]):
        layer = _unbuilt(description)
        for name, shape in layer.parameter_shapes(network.output_shape or ()).items():
            key = f"{number}.{name}"
            if key not in arrays:
                raise ValueError(f"{key} is missing")
            if arrays[key].shape != shape:
                raise ValueError(f"{key} is {arrays[key].dtype} {arrays[key].shape}, expected {dtype} {shape}")
        network.add(layer)
        if math.prod(network.output_shape or ()) > LARGEST_OUTPUT:
            raise ValueError(f"layer {number} gives more than {LARGEST_OUTPUT:,} numbers")
    return network


def _unbuilt(description: dict[str, Any]) -> Layer:
    """A layer that does not know its input shape yet, and holds no weights."""
    settings = dict(description)
    kind = settings.pop("layer")
    if kind not in LAYERS:
        raise ValueError(f"no layer is named {kind!r}")
    if unknown := settings.keys() - LAYERS[kind]().settings().keys():
        raise ValueError(f"a {kind} has no {min(unknown)!r}")
    for name, value in settings.items():
        if name not in ("activation", "rate"):
            _sizes(value if isinstance(value, list) else [value])
    if "activation" in settings:
        settings["activation"], settings["activation_prime"] = ACTIVATIONS[settings["activation"]]
    return LAYERS[kind](**settings)


def _sizes(values: list[int]) -> list[int]:
    if not all(type(value) is int and 0 < value <= LARGEST_OUTPUT for value in values):
        raise ValueError(f"sizes are whole numbers from 1 to {LARGEST_OUTPUT:,}, not {values}")
    return values


def fill(parameters: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Copy `arrays` into `parameters`, which must have the same keys, shapes and dtypes.

    Raises:
        ValueError: they do not, or a number is not finite.
    """
    if parameters.keys() != arrays.keys():
        raise ValueError(f"arrays {sorted(parameters.keys() ^ arrays.keys())} are missing or too many")
    for name, parameter in parameters.items():
        array = arrays[name]
        if (array.shape, array.dtype) != (parameter.shape, parameter.dtype):
            raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {parameter.dtype} {parameter.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        parameter[...] = array
