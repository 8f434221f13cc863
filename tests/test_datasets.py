"""Data sets: correct, cached, repaired when damaged, and loaded within the time limit."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO
from pathlib import Path
from urllib.request import Request

import numpy as np
import pytest

from data import datasets
from data.datasets import Dataset, DatasetError, OpenMLUnreachable, Source, is_at_hand, load_dataset


def test_mnist_is_mnist(mnist: Dataset) -> None:
    assert mnist.train_images.shape == (60_000, 28, 28)
    assert mnist.test_images.shape == (10_000, 28, 28)
    assert mnist.train_images.dtype == mnist.test_images.dtype == np.uint8
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert (mnist.train_images.min(), mnist.train_images.max()) == (0, 255)


def test_usps_is_framed_as_mnist_is(usps: Dataset) -> None:
    assert usps.train_images.shape == (0, 28, 28)  # nothing of it is trained on
    assert usps.test_images.shape == (9_298, 28, 28)
    assert usps.test_labels[:10].tolist() == [6, 5, 4, 7, 3, 6, 3, 1, 0, 1]
    ink = usps.test_images.sum(axis=(1, 2)) / 255
    assert 20 < ink.min() < ink.max() < 300


def test_digits_come_with_scikit_learn(digits: Dataset) -> None:
    assert digits.train_images.shape == (1_297, 28, 28)
    assert digits.test_images.shape == (500, 28, 28)
    assert digits.train_labels[:10].tolist() == list(range(10))
    assert set(np.bincount(digits.test_labels) > 40) == {True}


def test_faint_ink_of_small_images_stays_as_faint_as_it_is() -> None:
    """Where a photograph is read it may be a shadow; here there is no paper."""
    picture = np.zeros((8, 8), np.uint8)
    picture[:, 1], picture[:, 6] = 255, 51
    (image,) = datasets._framed(picture[np.newaxis])
    assert image[14, :16].max() == 255
    assert int(image[14, 16:].max()) == pytest.approx(51, abs=10)  # resampling overshoots a little


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(DatasetError, match="there is no data set named 'emnist': choose mnist, usps, digits"):
        load_dataset("emnist")


IMAGES = np.random.default_rng(0).integers(0, 256, (50, 28, 28), dtype=np.uint8)
LABELS = np.arange(50, dtype=np.uint8) % 10


@pytest.fixture
def decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A small data set "mnist", of which each decoding is noted in a list."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    times: list[str] = []

    def decode() -> tuple[np.ndarray, np.ndarray]:
        times.append("decoded")
        return IMAGES, LABELS

    load = datasets._cached("mnist", datasets._fingerprint(IMAGES, LABELS), decode)
    monkeypatch.setitem(datasets.DATASETS, "mnist", Source("MNIST", 40, load))
    return times


def assert_right(dataset: Dataset) -> None:
    assert np.array_equal(np.concatenate([dataset.train_images, dataset.test_images]), IMAGES)
    assert np.array_equal(np.concatenate([dataset.train_labels, dataset.test_labels]), LABELS)


def test_what_was_decoded_is_at_hand(decoded: list[str]) -> None:
    assert is_at_hand("digits")
    assert not is_at_hand("mnist")
    load_dataset("mnist")
    assert is_at_hand("mnist")


def test_a_data_set_is_decoded_once(decoded: list[str]) -> None:
    for _ in range(3):
        assert_right(load_dataset("mnist"))
    assert decoded == ["decoded"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "other arrays"])
def test_a_damaged_file_is_decoded_again(
    decoded: list[str], damage: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load_dataset("mnist")
    (path,) = tmp_path.rglob("mnist.npz")
    content = bytearray(path.read_bytes())
    if damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "text":
        path.write_text("hello")
    else:
        np.savez(path, images=IMAGES[::-1], labels=LABELS)
    assert_right(load_dataset("mnist"))
    assert "is damaged: decoding it again" in capsys.readouterr().out
    assert_right(load_dataset("mnist"))
    assert decoded == ["decoded", "decoded"]


def test_a_folder_that_cannot_be_written_costs_only_time(
    decoded: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "digits-from-scratch").write_text("a file in the way")
    assert_right(load_dataset("mnist"))
    assert_right(load_dataset("mnist"))
    assert decoded == ["decoded", "decoded"]
    assert "decoded each time" in capsys.readouterr().out


def test_different_data_from_openml_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    load = datasets._cached("mnist", "0" * 16, lambda: (IMAGES, LABELS))
    with pytest.raises(DatasetError, match="differs from this project's mnist"):
        load()
    assert list(tmp_path.rglob("*.npz")) == []


@pytest.fixture(autouse=True)
def left_behind() -> Iterator[None]:
    """Wait for abandoned downloads, so that they do not disturb the next test."""
    yield
    for thread in threading.enumerate():
        if thread.name == "openml":
            thread.join(30)


class Refusing(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_error(503)

    def log_message(self, *arguments: object) -> None:
        pass


def openml_at(port: int, data_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scikit-learn take OpenML to be on this machine, and its cache to be empty."""
    monkeypatch.setattr("sklearn.datasets._openml._SEARCH_NAME", f"http://127.0.0.1:{port}/{{}}")
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(data_home))


def test_openml_that_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        openml_at(server.server_port, tmp_path, monkeypatch)
        with pytest.raises(OpenMLUnreachable, match=r"cannot be reached \(Service Unavailable\)"):
            load_dataset("mnist")
    finally:
        server.shutdown()
        server.server_close()


def test_openml_that_accepts_and_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        openml_at(silent.getsockname()[1], tmp_path, monkeypatch)
        started = time.monotonic()
        with pytest.raises(OpenMLUnreachable, match=r"mnist_784 comes from, (does not answer|cannot be)"):
            load_dataset("mnist")
        assert time.monotonic() - started < 10  # not how fast it is, but that it ends at all


@pytest.mark.slow  # tests/hostile/test_data_cache.py damages every file of a small data set's cache
def test_a_damaged_cache_is_deleted_and_downloaded_again(
    mnist: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "openml"
    shutil.copytree(datasets._data_home() / "openml", kept, copy_function=shutil.copyfile)
    (cached,) = kept.rglob("mnist_784.arff.gz")
    whole = cached.read_bytes()
    cached.write_bytes(whole[: len(whole) // 2])
    fetched = []

    class Answer(BytesIO):
        def info(self) -> dict[str, str]:
            return {"Content-Encoding": "gzip"}

    def urlopen(request: Request) -> Answer:
        fetched.append(request.full_url)
        return Answer(whole)

    monkeypatch.setattr("sklearn.datasets._openml.urlopen", urlopen)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    again = load_dataset("mnist")
    assert [url.rpartition("/")[2] for url in fetched] == ["mnist_784.arff"]
    assert "The cached mnist_784 was damaged: it is deleted and downloaded again." in capsys.readouterr().out
    assert np.array_equal(again.test_images, mnist.test_images)
    assert np.array_equal(again.test_labels, mnist.test_labels)


def test_a_host_name_lookup_that_never_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No time limit of a socket ends that."""
    monkeypatch.setattr(datasets, "TIMEOUT", 0.5)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    over = threading.Event()
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *arguments, **options: over.wait(10))
    with pytest.raises(OpenMLUnreachable, match="mnist_784 comes from, does not answer"):
        load_dataset("mnist")
    assert not over.is_set()
    over.set()


def test_a_closed_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    openml_at(port, tmp_path, monkeypatch)
    with pytest.raises(OpenMLUnreachable, match="cannot be reached"):
        load_dataset("usps")
