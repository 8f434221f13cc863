"""Weights files: what is saved comes back, and nothing else does."""

import errno
import json
import os
import pickle
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Network,
    load_network,
    save_network,
)
from model.architectures import build_network
from model.files import read_arrays, write_arrays
from model.layer import Array
from model.weights import WeightsError
from tests.small_network import small_network


def saved(tmp_path: Path, dtype: type = np.float32) -> tuple[Path, Network]:
    path, network = tmp_path / "weights.npz", small_network(np.random.default_rng(0), dtype)
    save_network(path, network, {"dataset": "mnist", "seed": 7})
    return path, network


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_network_comes_back(tmp_path: Path, dtype: type) -> None:
    path, network = saved(tmp_path, dtype)
    again, header = load_network(path)
    x = np.random.default_rng(1).normal(size=(5, 8, 8, 2))
    assert np.array_equal(again.predict(x), network.predict(x))
    assert again.predict(x).dtype == dtype
    assert (header["dataset"], header["seed"], header["format"]) == ("mnist", 7, 1)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in network.layers]


def changed(path: Path, change: Any) -> None:
    """Rewrite a weights file after `change(arrays, header)`."""
    arrays = read_arrays(path)
    header = json.loads(arrays.pop("header").tobytes())
    change(arrays, header)
    write_arrays(path, {"header": np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays})


def not_finite(arrays: dict[str, Array], header: dict[str, Any]) -> None:
    arrays["0.weights"][0, 0, 0, 0] = np.nan


def kernel_too_large(arrays: dict[str, Array], header: dict[str, Any]) -> None:
    header["architecture"]["layers"][0]["kernel_shape"] = [99, 99]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, header: header.update(format=99), "format 99, this program reads 1"),
        (lambda arrays, header: header.pop("format"), "not a usable weights file"),
        (lambda arrays, header: header.pop("architecture"), "architecture"),
        (lambda arrays, header: arrays.pop("0.bias"), r"0\.bias.* missing"),
        (lambda arrays, header: arrays.update(more=np.zeros(3)), "more.* too many"),
        (
            lambda arrays, header: arrays.update({"0.bias": np.zeros(4, np.float32)}),
            r"0\.bias is float32 \(4,\), expected",
        ),
        (lambda arrays, header: arrays.update({"0.bias": np.zeros(3)}), r"0\.bias is float64 .* expected float32"),
        (not_finite, r"0\.weights holds numbers that are not finite"),
        (kernel_too_large, "ConvLayer expects"),
        (lambda arrays, header: header["architecture"]["layers"][0].update(layer="os.system"), "no layer is named"),
        (lambda arrays, header: header["architecture"]["layers"][2].update(activation="eval"), "eval"),
        (lambda arrays, header: header["architecture"]["layers"][0].update(surprise=1), "surprise"),
        (lambda arrays, header: header["architecture"]["layers"][0].update(input_shape=[8, 8, 2]), "no 'input_shape'"),
        (lambda arrays, header: header["architecture"]["layers"][6].update(rate=None), "DropoutLayer needs its rate"),
        (lambda arrays, header: header["architecture"]["layers"][7].pop("output_shape"), "FCLayer needs"),
        (lambda arrays, header: header["architecture"].update(dtype="object"), "float32 or float64"),
        (lambda arrays, header: header.update(architecture=[1, 2]), "not a usable weights file"),
    ],
)
def test_a_file_that_is_not_just_right_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    path, _ = saved(tmp_path)
    changed(path, change)
    with pytest.raises(WeightsError, match=message) as refusal:
        load_network(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.3, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: float) -> None:
    path, _ = saved(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(WeightsError, match="damaged"):
        load_network(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"there is no file .*make train"):
        load_network(tmp_path / "absent.npz")
    with pytest.raises(WeightsError, match="cannot be read"):
        load_network(tmp_path)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(WeightsError, match="damaged"):
        load_network(tmp_path / "text.npz")


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.abort, ()


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    path, _ = saved(tmp_path)
    array = BytesIO()
    np.lib.format.write_array(array, np.array([Harmful()], dtype=object), allow_pickle=True)
    for name, content in (("0.bias.npy", array.getvalue()), ("0.bias", pickle.dumps(Harmful()))):
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(name + "2", content)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("x" + name, content)
        with pytest.raises(WeightsError):
            load_network(path)


def test_a_file_that_unpacks_to_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("header.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    with pytest.raises(WeightsError, match="unpacks to more than 256 MiB"):
        load_network(path)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, network = saved(tmp_path)
    before = path.read_bytes()

    def full(*arguments: Any, **options: Any) -> None:
        arguments[0].write(b"half a fi")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        save_network(path, network)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["weights.npz"]


def of_two_dtypes(network: Network) -> None:
    layer = network.layers[-1]
    assert isinstance(layer, FCLayer)
    layer.bias = layer.bias.astype(np.float64)


def of_half_precision(network: Network) -> None:
    network.dtype = np.dtype(np.float16)


def not_a_number(network: Network) -> None:
    network.parameters()["0.weights"][0, 0, 0, 0] = np.nan


def infinite_statistic(network: Network) -> None:
    network.add(BatchNormalizationLayer())
    network.layers[-1].statistics["variance"][0] = np.inf


def another_epsilon(network: Network) -> None:
    layer = BatchNormalizationLayer()
    layer.EPSILON = 1e-3
    network.add(layer)


def everything_dropped(network: Network) -> None:
    layer = network.layers[6]
    assert isinstance(layer, DropoutLayer)
    layer.rate = 1.0


def too_many_layers(network: Network) -> None:
    for _ in range(200):
        network.add(ActivationLayer())


def no_layers(network: Network) -> None:
    network.layers.clear()
    network.input_shape = None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (of_two_dtypes, r"7\.bias is float64 \(1, 10\), expected float32"),
        (of_half_precision, "float32 or float64, not 'float16'"),
        (not_a_number, r"0\.weights holds numbers that are not finite"),
        (infinite_statistic, r"8\.variance holds numbers that are not finite"),
        (another_epsilon, "layer 8, BatchNormalizationLayer, has EPSILON 0.001: a weights file means 1e-05"),
        (everything_dropped, "0 ≤ rate < 1"),
        (too_many_layers, "more than 200 layers"),
        (no_layers, "could not be loaded again"),
    ],
)
def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path, change: Any, message: str) -> None:
    path, network = saved(tmp_path)
    before = path.read_bytes()
    change(network)
    with pytest.raises(ValueError, match=message):
        save_network(path, network)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["weights.npz"]


def test_a_header_or_a_size_that_could_not_be_loaded_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, network = saved(tmp_path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="could not be loaded again"):
        save_network(path, network, {"name": "half a character: \ud800"})
    monkeypatch.setattr("model.weights.LARGEST", 1000)
    with pytest.raises(ValueError, match="MiB of weights: no file of it could be loaded"):
        save_network(path, network)
    monkeypatch.setattr(BatchNormalizationLayer, "EPSILON", 1e-3)
    network.add(BatchNormalizationLayer())
    with pytest.raises(ValueError, match=r"has EPSILON 0\.001"):
        save_network(path, network)
    assert path.read_bytes() == before


def test_layers_that_a_file_cannot_name_are_not_saved(tmp_path: Path) -> None:
    network = Network()
    network.add(ActivationLayer((3,), np.sin, np.cos))
    with pytest.raises(ValueError, match="cannot name this ActivationLayer"):
        save_network(tmp_path / "weights.npz", network)

    class Mine(FCLayer):
        pass

    network = Network()
    network.add(Mine((3,), (2,)))
    with pytest.raises(ValueError, match="cannot name this Mine"):
        save_network(tmp_path / "weights.npz", network)
    assert list(tmp_path.iterdir()) == []


def test_yes_is_no_size(tmp_path: Path) -> None:
    """In JSON it is not the number 1, though in Python it is."""
    path, network = tmp_path / "weights.npz", Network((2, 1))
    network.add(FlattenLayer())
    save_network(path, network)
    changed(path, lambda arrays, header: header["architecture"].update(input_shape=[2, True]))
    with pytest.raises(WeightsError, match="sizes are whole numbers from 1"):
        load_network(path)


def test_a_negative_variance_is_refused(tmp_path: Path) -> None:
    network = build_network("tiny", np.random.default_rng(0))
    save_network(tmp_path / "w.npz", network)
    name = next(name for name in network.arrays() if name.endswith(".variance"))
    changed(tmp_path / "w.npz", lambda arrays, header: arrays[name].__setitem__(0, -1))
    with pytest.raises(WeightsError, match=f"{name} holds negative numbers"):
        load_network(tmp_path / "w.npz")
