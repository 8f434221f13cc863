"""Exported weights: other runtimes give the same probabilities, and what is written comes back to the bit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from data.datasets import Dataset
from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    MaxPoolingLayer,
    Network,
    load_network,
    tanh,
    tanh_prime,
)
from model.classifier import DigitClassifier
from model.files import LARGEST
from model.layer import Array
from model.pretrained import FOLDER, path_of
from model.safetensors_file import checksum
from model.weights import WeightsError
from training.export.__main__ import main
from training.files import PROJECT

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
safetensors_numpy = pytest.importorskip("safetensors.numpy")

PRETRAINED = sorted(file.stem for file in FOLDER.glob("*.npz"))


def run_onnx(model: str | bytes, images: NDArray[np.uint8]) -> Array:
    (probabilities,) = onnxruntime.InferenceSession(model).run(["probabilities"], {"pictures": images})
    return probabilities


def noisy_pictures(count: int) -> NDArray[np.uint8]:
    """Digits of scikit-learn would all be read with certainty; on these every probability moves."""
    rng = np.random.default_rng(0)
    lines = rng.random((count, 28, 28)) < rng.uniform(0.02, 0.4, (count, 1, 1))
    return (lines * rng.integers(0, 256, (count, 28, 28))).astype(np.uint8)


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_onnx_file_of_pretrained_weights_gives_their_probabilities(
    name: str, tmp_path: Path, digits: Dataset, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "digits.onnx"
    assert main([name, str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: {file.stat().st_size:,} bytes\n"
    images = np.concatenate([digits.train_images[:500], noisy_pictures(500)])
    probabilities = run_onnx(str(file), images)
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (1000, 10))
    np.testing.assert_allclose(probabilities, DigitClassifier.load(name).predict_proba(images), atol=1e-5, rtol=0)
    assert run_onnx(str(file), images[:1]).shape == (1, 10)


def test_an_onnx_file_says_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "digits.onnx"
    main(["best", str(file)])
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert (model.ir_version, [opset.version for opset in model.opset_import]) == (8, [17])
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(metadata["header"]) == load_network(path_of("best"))[1]
    assert metadata["card"] == path_of("best").with_suffix(".md").read_text(encoding="utf-8")
    assert "BatchNormalization" not in {node.op_type for node in model.graph.node}


def test_the_card_is_that_of_the_weights_and_none_without_one(tmp_path: Path) -> None:
    weights = tmp_path / "mine.npz"
    weights.write_bytes(path_of("tiny").read_bytes())
    for name, card in (("tiny", path_of("tiny").with_suffix(".md").read_text(encoding="utf-8")), (str(weights), "")):
        file = tmp_path / "digits.onnx"
        assert main([name, str(file)]) == 0
        assert {entry.key: entry.value for entry in onnx.load(file).metadata_props}["card"] == card


@pytest.mark.parametrize("ending", ["onnx", "safetensors"])
def test_an_older_file_is_replaced_and_not_written_over(ending: str, tmp_path: Path) -> None:
    """Whoever is reading it reads it to its end."""
    file = tmp_path / f"digits.{ending}"
    file.write_bytes(b"an older file")
    with file.open("rb") as reader:
        assert main(["tiny", str(file)]) == 0
        assert reader.read() == b"an older file"
    assert file.stat().st_size > 1000


def network_of(*layers: Layer, dtype: type = np.float32) -> Network:
    """Takes pictures, gives ten numbers; what layers measure and what they begin with is drawn at random."""
    rng = np.random.default_rng(5)
    network = Network((28, 28, 1), rng, dtype)
    for layer in layers:
        network.add(layer)
        for name, array in layer.statistics.items():
            array[...] = rng.uniform(0.5, 2, array.shape) if name == "variance" else rng.normal(0, 0.3, array.shape)
        for name in ("scale", "shift", "bias"):
            if name in layer.parameters:
                layer.parameters[name][...] = rng.normal(0, 1, layer.parameters[name].shape)
    return network


def flat() -> list[Layer]:
    return [FlattenLayer(), fc()]


def fc() -> Layer:
    return FCLayer(output_shape=(10,))


def activation() -> Layer:
    return ActivationLayer(activation=tanh, activation_prime=tanh_prime)


def norm() -> Layer:
    return BatchNormalizationLayer()


NETWORKS: dict[str, tuple[list[Layer], int]] = {  # and how many batch normalizations stay
    "behind a convolution": ([ConvLayer(layer_depth=3), norm(), *flat()], 0),
    "behind a fully connected layer": ([*flat(), norm()], 0),
    "twice": ([ConvLayer(layer_depth=3), norm(), norm(), *flat()], 0),
    "behind dropout": ([ConvLayer(layer_depth=3), DropoutLayer(), norm(), *flat()], 0),
    "behind pooling with negative slopes": ([ConvLayer(layer_depth=8), MaxPoolingLayer(), norm(), *flat()], 1),
    "behind an activation": ([ConvLayer(layer_depth=4), activation(), norm(), *flat()], 1),
    "first": ([norm(), *flat()], 1),
    "behind pooling that is first": ([MaxPoolingLayer(), norm(), *flat()], 1),
    "behind flatten": (
        [ConvLayer(layer_depth=3), MaxPoolingLayer(pool_shape=(3, 2)), FlattenLayer(), norm(), activation(), fc()],
        1,
    ),
    "flattened twice": ([ConvLayer(layer_depth=3), FlattenLayer(), *flat()], 0),
    "no fully connected layer": ([ConvLayer(kernel_shape=(28, 28), layer_depth=10), FlattenLayer()], 0),
    "flattened at the end": ([ConvLayer(kernel_shape=(28, 27), layer_depth=5), FlattenLayer()], 0),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_batch_normalization_is_folded_where_that_is_exact(name: str) -> None:
    from training.export.onnx_graph import onnx_model

    layers, stay = NETWORKS[name]
    classifier = DigitClassifier(network_of(*layers), {"temperature": 1.7})
    before = {key: array.copy() for key, array in classifier.network.arrays().items()}
    model = onnx_model(classifier)
    assert [node.op_type for node in model.graph.node].count("BatchNormalization") == stay
    images = noisy_pictures(20)
    got = run_onnx(model.SerializeToString(), images)
    np.testing.assert_allclose(got, classifier.predict_proba(images), atol=1e-5, rtol=0)
    after = classifier.network.arrays()
    assert all(np.array_equal(before[key], after[key]) for key in before)


def test_a_layer_that_onnx_does_not_know_is_refused() -> None:
    from training.export.onnx_graph import onnx_model

    network = network_of(ActivationLayer(activation=np.sin, activation_prime=np.cos), *flat())
    with pytest.raises(ValueError, match="the activation sin has no ONNX node"):
        onnx_model(DigitClassifier(network))


@pytest.mark.parametrize("name", PRETRAINED)
def test_safetensors_come_back_to_the_bit(name: str, tmp_path: Path) -> None:
    file = tmp_path / "digits.safetensors"
    assert main([name, str(file)]) == 0
    (network, header), (again, header_again) = load_network(path_of(name)), load_network(file)
    assert header_again == header
    arrays, arrays_again = network.arrays(), again.arrays()
    assert arrays.keys() == arrays_again.keys()
    for key, array in arrays.items():
        assert (array.dtype, array.tobytes()) == (arrays_again[key].dtype, arrays_again[key].tobytes())
    others = safetensors_numpy.load_file(file)
    assert all(np.array_equal(others[key], array) for key, array in arrays.items())


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    file = tmp_path / "digits.safetensors"
    main(["tiny", str(file)])
    return file


def changed(file: Path, change: Any) -> None:
    """Rewrite a safetensors file, with the checksum that it then has, after `change(arrays, metadata)`."""
    arrays = safetensors_numpy.load_file(file)
    size = int.from_bytes(file.read_bytes()[:8], "little")
    metadata = json.loads(file.read_bytes()[8 : 8 + size])["__metadata__"]
    change(arrays, metadata)
    header = np.frombuffer(metadata.get("header", "").encode(), np.uint8)
    metadata["sha256"] = checksum({**arrays, "header": header})
    safetensors_numpy.save_file(arrays, file, metadata)


def other_bias(arrays: dict[str, Array], metadata: dict[str, str]) -> None:
    arrays["0.bias"] = np.zeros(3, np.float32)


def not_finite(arrays: dict[str, Array], metadata: dict[str, str]) -> None:
    arrays["0.bias"][0] = np.nan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, metadata: metadata.clear(), "it has no header of this project's"),
        (lambda arrays, metadata: metadata.update(header="[]"), "not a usable weights file"),
        (lambda arrays, metadata: metadata.update(header="{"), "not a usable weights file"),
        (lambda arrays, metadata: metadata.update(header="{" * 100_000), "not a usable weights file"),
        (lambda arrays, metadata: metadata.update(header=" " * 2**20 + "{}"), "not a usable weights file"),
        (lambda arrays, metadata: arrays.pop("0.bias"), r"0\.bias"),
        (lambda arrays, metadata: arrays.update(more=np.zeros(3)), "more.* too many"),
        (lambda arrays, metadata: arrays.update(header=np.zeros(3)), "it has no header of this project's, or two"),
        (other_bias, r"0\.bias is float32 \(3,\), expected"),
        (not_finite, r"0\.bias holds numbers that are not finite"),
    ],
)
def test_a_safetensors_file_that_is_not_just_right_is_refused(exported: Path, change: Any, message: str) -> None:
    changed(exported, change)
    with pytest.raises(WeightsError, match=message) as refusal:
        load_network(exported)
    assert str(exported) in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("place", ["checksum", "weight"])
def test_a_safetensors_file_of_which_a_bit_changed_is_refused(exported: Path, place: str) -> None:
    data = bytearray(exported.read_bytes())
    data[data.find(b"sha256") if place == "checksum" else -5] ^= 1
    exported.write_bytes(data)
    with pytest.raises(WeightsError, match="its checksum is missing or wrong"):
        load_network(exported)


def raw(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: str, shape: list[int], end: int) -> dict[str, Any]:
    return {"__metadata__": {"header": "{}"}, "0.bias": {"dtype": dtype, "shape": shape, "data_offsets": [0, end]}}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"hello",
        (2**63).to_bytes(8, "little"),
        raw(b"[]"),
        raw(b'{"a": '),
        raw({"__metadata__": {"header": 3}}),
        raw(entry("F32", [10**9], 4), b"1234"),
        raw(entry("F32", [2**63, 2], 4), b"1234"),
        raw(entry("BF16", [1], 2), b"12"),
        raw(entry("F8_E4M3", [1], 1), b"1"),
        raw(entry("F32", [1], 4), b"1234 and more"),
    ],
)
def test_a_damaged_safetensors_file_is_refused_in_one_line(
    exported: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    exported.write_bytes(content)
    output = exported.with_name("other.onnx")
    output.write_bytes(b"kept")
    assert main([str(exported), str(output)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {exported} ")
    assert error.count("\n") == 1
    assert output.read_bytes() == b"kept"


@pytest.mark.parametrize("kept", [1, 100, 0.5, 0.999])
def test_a_truncated_safetensors_file_is_refused(exported: Path, kept: float) -> None:
    data = exported.read_bytes()
    exported.write_bytes(data[: int(kept * len(data)) if isinstance(kept, float) else kept])
    with pytest.raises(WeightsError, match="damaged"):
        load_network(exported)


def test_a_huge_safetensors_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "huge.safetensors"
    with file.open("wb") as opened:
        opened.truncate(LARGEST + 1)
    with pytest.raises(WeightsError, match="it is larger than 256 MiB"):
        load_network(file)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["best", "digits.txt"], "digits.txt must end in .onnx or .safetensors"),
        (["absent.npz", "digits.onnx"], "there is no file absent.npz"),
        (["absent.safetensors", "digits.onnx"], "there is no file absent.safetensors"),
        (["best", "file/digits.onnx"], "file/digits.onnx cannot be written"),
        (["best", "file/digits.safetensors"], "file/digits.safetensors cannot be written"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {message}")
    assert error.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("library", "ending"), [("onnx", "onnx"), ("safetensors", "safetensors")])
def test_a_missing_library_is_named_with_its_extra(library: str, ending: str, tmp_path: Path) -> None:
    program = (
        f"import sys; sys.modules[{library!r}] = None; from training.export.__main__ import main; sys.exit(main())"
    )
    command = [sys.executable, "-c", program, "tiny", str(tmp_path / f"digits.{ending}")]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"the library {library} is missing: pip install 'digits-from-scratch[{library}]'" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
