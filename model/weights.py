"""Weights files: one `.npz` that rebuilds a network without the code that trained it, and can run no code.

The file is a zip of plain arrays, one for each of a network's `arrays()`, and of `header`, JSON text in UTF-8 bytes:

    {"format": 1, "architecture": {"input_shape": [28, 28, 1], "layers": [{"layer": "ConvLayer", …}, …]}, …}

The same arrays can stand in a `.safetensors` file, which the name says; see `safetensors_file.py`.

Beside these two the header holds what its writer wants to say of the network: data set, recipe, seed, accuracy, commit.
"""

import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from .activation_layer import ActivationLayer
from .activations import ACTIVATIONS
from .article_layer import ArticleLayer
from .batch_normalization_layer import EPSILON, BatchNormalizationLayer
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .files import LARGEST, ArchiveError, brief, read_arrays, read_json, write_arrays
from .flatten_layer import FlattenLayer
from .layer import Layer
from .max_pooling_layer import MaxPoolingLayer
from .network import Network
from .safetensors_file import SUFFIX, read_safetensors, write_safetensors

FORMAT = 1
MOST_LAYERS = 200
LARGEST_OUTPUT = 2**20  # numbers that a layer gives for one sample
UNUSABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError)  # what other JSON may raise
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


class WeightsError(ValueError):
    """A file of weights is missing, damaged or not one of ours; the message names the file and the cure."""


def save_network(path: str | os.PathLike[str], network: Network, header: dict[str, Any] | None = None) -> None:
    """Write the network to `path`, whole or not at all.

    Args:
        path: an `.npz` file, or a `.safetensors` file (extra `safetensors`).
        header: what else to say of the network, as JSON can hold it.

    Raises:
        ValueError: `load_network` would refuse the file, or another network would come back; what stood at `path` still
            does.
        ModuleNotFoundError: the library for `.safetensors` is not installed.
        OSError: the disk is full or read-only; what stood at `path` still does.
    """
    about = {**(header or {}), "format": FORMAT, "architecture": describe(network)}
    arrays = {"header": np.frombuffer(json.dumps(about).encode(), np.uint8), **network.arrays()}
    if sum(array.nbytes for array in arrays.values()) > LARGEST:
        raise ValueError(f"the network has more than {LARGEST >> 20} MiB of weights: no file of it could be loaded")
    try:
        restored(dict(arrays))
    except UNUSABLE as error:
        raise ValueError(f"a file of this network could not be loaded again ({brief(error)})") from None
    (write_safetensors if Path(path).suffix == SUFFIX else write_arrays)(path, arrays)


def load_network(path: str | os.PathLike[str]) -> tuple[Network, dict[str, Any]]:
    """The network in a weights file, `.npz` or `.safetensors`, and its header.

    Raises:
        WeightsError: the file is missing, truncated, of another format, or its arrays are not just those of the
            architecture that it names, in shape, dtype and being finite.
    """
    try:
        return restored((read_safetensors if Path(path).suffix == SUFFIX else read_arrays)(path))
    except FileNotFoundError:
        raise WeightsError(f"there is no file {path}: `make train` trains a network and writes one") from None
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror or error}") from None
    except ModuleNotFoundError as error:
        raise WeightsError(f"{path} cannot be read: {error}") from None
    except ArchiveError as error:
        raise WeightsError(f"{path} is damaged ({error}): train it again or take another copy") from None
    except UNUSABLE as error:
        raise WeightsError(
            f"{path} is not a usable weights file ({brief(error)}): train it again or take another"
        ) from None


def restored(arrays: dict[str, Any]) -> tuple[Network, dict[str, Any]]:
    """The network in the arrays of a weights file, and its header.

    Raises:
        KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError: they are not those of a network.
    """
    header = read_json(arrays.pop("header"))
    if header["format"] != FORMAT:
        raise ValueError(f"it has format {brief(header['format'])}, this program reads {FORMAT}")
    network = rebuild(header["architecture"], arrays)
    fill(network.arrays(), arrays)
    return network, header


def describe(network: Network) -> dict[str, Any]:
    """The architecture as data: the input shape and each layer's name and settings.

    Raises:
        ValueError: a layer is not one that a file can name, or does something that a file does not say.
    """
    for number, layer in enumerate(network.layers):
        name = type(layer.layer if isinstance(layer, ArticleLayer) else layer).__name__
        if LAYERS.get(name) is not type(layer):
            raise ValueError(f"a weights file cannot name this {name}: use the layers of model/")
        pair = (layer.activation, layer.activation_prime) if isinstance(layer, ActivationLayer) else None
        if pair not in (None, *ACTIVATIONS.values()):
            raise ValueError(f"a weights file cannot name this {name}: use {' or '.join(ACTIVATIONS)}")
        if isinstance(layer, BatchNormalizationLayer) and layer.EPSILON != EPSILON:
            raise ValueError(f"layer {number}, {name}, has EPSILON {layer.EPSILON}: a weights file means {EPSILON}")
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
    if unknown := settings.keys() & {"input_shape", "rng"}:
        raise ValueError(f"a {kind} has no {min(unknown)!r}")
    for name, value in settings.items():
        if value is None:
            raise ValueError(f"a {kind} needs its {name}")
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
        ValueError: they do not, a number is not finite, or a variance is negative.
    """
    if parameters.keys() != arrays.keys():
        raise ValueError(f"arrays {sorted(parameters.keys() ^ arrays.keys())} are missing or too many")
    for name, parameter in parameters.items():
        array = arrays[name]
        if (array.shape, array.dtype) != (parameter.shape, parameter.dtype):
            raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {parameter.dtype} {parameter.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds numbers that are not finite")
        if name.endswith(".variance") and (array < 0).any():
            raise ValueError(f"{name} holds negative numbers")
        parameter[...] = array
