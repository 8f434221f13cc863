"""Malicious weights files: each is refused with a message, before it takes memory or runs code."""

import json
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import load_network, save_network
from model.classifier import DigitClassifier
from model.files import read_arrays, write_arrays
from model.layer import Array
from model.weights import WeightsError
from tests.small_network import small_network
from training.checkpoint import load_checkpoint

Layers = list[dict[str, Any]]


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.abort, ()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "weights.npz"
    save_network(path, small_network(np.random.default_rng(0), np.float32))
    return path


def refusal(path: Path, load: Callable[[Path], object] = load_network) -> str:
    """The message of the refusal, which needed less than 40 MB."""
    tracemalloc.start()
    try:
        with pytest.raises(WeightsError) as refusal:
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 40 * 10**6
    finally:
        tracemalloc.stop()
    message = str(refusal.value)
    assert str(path) in message
    assert len(message) < 1000
    assert "\n" not in message
    return message


def npy(shape: str, dtype: str, content: bytes = b"") -> bytes:
    """An array file with a forged header."""
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header) + 1) + header + b"\n" + content


def pickled() -> bytes:
    array = BytesIO()
    np.lib.format.write_array(array, np.array([Harmful()], dtype=object), allow_pickle=True)
    return array.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(pickled(), id="a pickle in an array"),
        pytest.param(pickle.dumps(Harmful()), id="a pickle"),
        pytest.param(npy("(10**9,)", "'<f4'"), id="a shape that is computed"),
        pytest.param(npy("(1000000000000,)", "'<f4'"), id="a terabyte that is not there"),
        pytest.param(npy("(60000000,)", "'<f4'"), id="240 MB that are not there"),
        pytest.param(npy("(3,)", "'<f4'", bytes(13)), id="more bytes than numbers"),
        pytest.param(npy("(-1, -3)", "'<f4'", bytes(12)), id="shapes below nothing"),
        pytest.param(npy("(1000000000000,)", "'V0'"), id="a terabyte of nothing"),
        pytest.param(npy("(3,)", "'|O'", bytes(24)), id="objects"),
        pytest.param(npy("(3,)", "'<U1'", bytes(12)), id="text"),
        pytest.param(npy("(3,)", "[('a', '<f4')]", bytes(12)), id="fields"),
        pytest.param(npy("(3,)", "'(2,)<f4'", bytes(24)), id="arrays in an array"),
        pytest.param(npy("(3,)", "__import__('os').abort()", bytes(24)), id="a program"),
        pytest.param(npy("(" * 5000 + ")" * 5000, "'<f4'"), id="a deep shape"),
        pytest.param(npy("(3,)", "'<f4'", bytes(12)).replace(b"\x01\x00", b"\x09\x00", 1), id="a later format"),
        pytest.param(b"", id="nothing"),
    ],
)
@pytest.mark.parametrize("name", ["0.bias.npy", "more.npy", "../../0.bias.npy", "/0.bias.npy", "0.bias", "header.npy"])
def test_an_invalid_array_is_refused(path: Path, name: str, content: bytes) -> None:
    members = {member: zipfile.ZipFile(path).read(member) for member in zipfile.ZipFile(path).namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in (members | {name: content}).items():
            archive.writestr(member, data)
    refusal(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["0.bias.npy", "header.npy"])
def test_two_arrays_of_one_name_are_refused(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, archive.read(name))
    assert "same name" in refusal(path)


@pytest.mark.parametrize(
    "name", ["../0.bias.npy", "/etc/0.bias.npy", "..\\0.bias.npy", "0.bias.npy/", "\u202e.npy", ""]
)
def test_an_array_of_an_odd_name_is_refused(path: Path, name: str) -> None:
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name or "x" * 60_000, npy("(3,)", "'<f4'", bytes(12)))
    refusal(path)


def test_a_file_that_hides_how_much_it_unpacks_to_is_refused(path: Path) -> None:
    """Its list of contents says 1,000 bytes; 300 MB are in it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("header.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    assert "unpacks to more than 256 MiB" in refusal(path)
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", 300 * 2**20), struct.pack("<I", 1000)))
    refusal(path)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_to_more_than_it_says_at_once_is_refused(path: Path, compression: int) -> None:
    """A few kilobytes of it are 100 MB; its list of contents says 4 MB, as its array does."""
    content = npy("(1048576,)", "'<f4'", bytes(100 * 10**6))
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("header.npy", content)
    said = len(npy("(1048576,)", "'<f4'", bytes(4 * 2**20)))
    path.write_bytes(path.read_bytes().replace(struct.pack("<I", len(content)), struct.pack("<I", said)))
    refusal(path)


def test_a_list_of_contents_that_fills_the_memory_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for i in range(5000):
            archive.writestr(f"{i}.npy", b"")
    assert "more arrays than any file of this project" in refusal(path)


def with_header(path: Path, text: bytes) -> None:
    arrays = read_arrays(path)
    write_arrays(path, arrays | {"header": np.frombuffer(text, np.uint8)})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'"format"',
        b"[" * 900_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"format": ' + b"9" * 10_000 + b"}",
        b'{"format": 1, "a": "' + b"x" * 2_000_000 + b'"}',
        b'{"format": 1, "dataset": "\\ud800", "architecture": {}}',
        b'{"format": 1, "architecture": {"input_shape": [8], "dtype": "float32", "layers": {}}, "format": 2}',
    ],
)
def test_an_invalid_header_is_refused(path: Path, text: bytes) -> None:
    with_header(path, text)
    refusal(path)


HUGE: Layers = [{"layer": "FCLayer", "output_shape": [2**40]}]
ARCHITECTURES: dict[str, tuple[Any, Any]] = {
    "a huge fully connected layer": (
        [8, 8, 2],
        [{"layer": "FlattenLayer"}, {"layer": "FCLayer", "output_shape": [10**6]}],
    ),
    "a huge number of neurons": ([8], HUGE),
    "huge pictures": ([2**20, 2**20, 2**20], [{"layer": "ConvLayer", "kernel_shape": [3, 3], "layer_depth": 3}]),
    "huge pictures for a layer without weights": ([2**20, 2**20], [{"layer": "FlattenLayer"}]),
    "a huge kernel": ([9999, 9999, 9], [{"layer": "ConvLayer", "kernel_shape": [9999, 9999], "layer_depth": 9999}]),
    "a huge depth": ([8, 8, 2], [{"layer": "ConvLayer", "kernel_shape": [3, 3], "layer_depth": 10**6}]),
    "no picture": ([], [{"layer": "FlattenLayer"}]),
    "a picture of nothing": ([0, 0, 0], [{"layer": "FlattenLayer"}]),
    "less than nothing": ([-8, -8, 2], [{"layer": "FlattenLayer"}]),
    "sides that are no numbers": (["8", "8"], [{"layer": "FlattenLayer"}]),
    "sides that are yes and no": ([True, True], [{"layer": "FlattenLayer"}]),
    "sides in words": ("eight", [{"layer": "FlattenLayer"}]),
    "layers without end": ([8], [{"layer": "FlattenLayer"}] * 10_000),
    "layers by name": ([8], "FlattenLayer"),
    "a layer that is none": ([8], [None]),
    "a layer without a name": ([8], [{}]),
    "a name that is a list": ([8], [{"layer": ["FlattenLayer"]}]),
    "a pool of nothing": ([8, 8, 2], [{"layer": "MaxPoolingLayer", "pool_shape": [0, 0]}]),
    "a pool with one side": ([8, 8, 2], [{"layer": "MaxPoolingLayer", "pool_shape": [2]}]),
    "a pool in words": ([8, 8, 2], [{"layer": "MaxPoolingLayer", "pool_shape": "22"}]),
    "a rate that is no number": ([8], [{"layer": "DropoutLayer", "rate": float("nan")}]),
    "a rate in words": ([8], [{"layer": "DropoutLayer", "rate": "half"}]),
    "a layer that is built at once": ([8], [{"layer": "FCLayer", "input_shape": [10**6], "output_shape": [10**6]}]),
    "a generator": ([8], [{"layer": "DropoutLayer", "rate": 0.5, "rng": 1}]),
    "a function by name": ([8], [{"layer": "ActivationLayer", "activation": "os.abort"}]),
    "a derivative of its own": ([8], [{"layer": "ActivationLayer", "activation": "relu", "activation_prime": "relu"}]),
    "neurons in words": ([8], [{"layer": "FCLayer", "output_shape": "ten"}]),
    "no neurons": ([8], [{"layer": "FCLayer", "output_shape": []}]),
}


@pytest.mark.parametrize("case", ARCHITECTURES)
def test_an_architecture_is_refused_before_it_is_built(path: Path, case: str, row: Callable[[str, str], None]) -> None:
    input_shape, layers = ARCHITECTURES[case]
    about = {"format": 1, "architecture": {"input_shape": input_shape, "dtype": "float32", "layers": layers}}
    with_header(path, json.dumps(about).encode())
    refusal(path)
    row(
        f"malicious weights files: pickles, zip bombs, false sizes, {len(ARCHITECTURES)} impossible architectures",
        "each refused with a message, using less than 40 MB of memory",
    )


def test_a_layer_that_answers_with_a_million_numbers_is_refused(path: Path) -> None:
    """Its weights are few, and in the file; its answer to one picture would have 5 million numbers."""
    layer = {"layer": "ConvLayer", "kernel_shape": [1, 1], "layer_depth": 7000}
    arrays: dict[str, Array] = {
        "0.weights": np.zeros((1, 1, 1, 7000), np.float32),
        "0.bias": np.zeros(7000, np.float32),
    }
    about = {"format": 1, "architecture": {"input_shape": [28, 28, 1], "dtype": "float32", "layers": [layer]}}
    write_arrays(path, arrays | {"header": np.frombuffer(json.dumps(about).encode(), np.uint8)})
    assert "layer 0 gives more than" in refusal(path)


@pytest.mark.parametrize("temperature", [0.0, -1.0, 1e-40, 1e40, float("nan"), float("inf"), "1", None, [1.0]])
def test_a_temperature_that_no_calibration_finds_is_refused(tmp_path: Path, temperature: Any) -> None:
    pretrained = Path(__file__).parents[2] / "model" / "pretrained" / "quick.npz"
    network, header = load_network(pretrained)
    path = tmp_path / "weights.npz"
    save_network(path, network, header | {"temperature": temperature})
    assert "temperature" in refusal(path, DigitClassifier.load)


@pytest.mark.parametrize(
    "arrays",
    [
        {"0.bias": np.zeros(3)},
        {"progress": np.frombuffer(b"[]", np.uint8)},
        {"progress": np.frombuffer(b"[" * 100_000, np.uint8)},
        {"progress": np.zeros(3)},
        {"progress": np.frombuffer(b"{}", np.uint8), "elsewhere/0.bias": np.zeros(3)},
        {"progress": np.frombuffer(b"{}", np.uint8), "0.bias": np.zeros(3)},
    ],
)
def test_an_invalid_checkpoint_is_refused(tmp_path: Path, arrays: dict[str, Array]) -> None:
    path = tmp_path / "checkpoint.npz"
    write_arrays(path, arrays)
    assert "is not a checkpoint" in refusal(path, load_checkpoint)
