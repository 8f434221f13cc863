"""The data sets, as pictures in MNIST's frame, through scikit-learn and its cache.

scikit-learn keeps what OpenML sends as text, which takes seconds to decode. The decoded arrays are kept beside it, and
checked against a fingerprint whenever they are loaded: a damaged file can be slow, but never silently wrong.
"""

import contextlib
import hashlib
import http.client
import os
import socket
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
from numpy.typing import NDArray

from model.files import ArchiveError, read_arrays, write_arrays

from .ink import picture_to_image

PATIENCE = 25  # seconds without a byte from OpenML
NO_DIGIT = 10  # the label of a picture that shows none
Pictures = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # and their labels


class DatasetError(ValueError):
    """The data set cannot be had; the message says why and what helps."""


class OpenMLUnreachable(DatasetError):
    """OpenML refused, is out of reach, or does not answer."""


@dataclass(frozen=True)
class Dataset:
    """Pictures uint8 `(n, 28, 28)`, 0 = paper, 255 = ink, and their digits `(n,)`, in two parts."""

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


@dataclass(frozen=True)
class Source:
    """Where a data set comes from.

    Attributes:
        about: what it is, in words.
        train_size: how many of its pictures, the first ones, are to train on; the others are to test with.
        load: gives its pictures, of any size, and their labels.
    """

    about: str
    train_size: int
    load: Callable[[], Pictures]


def load_dataset(name: str) -> Dataset:
    """A data set by name: "mnist", "usps" (digits from envelopes) or "digits" (scikit-learn's own 1,797 pictures).

    The first two come from OpenML, once; `SCIKIT_LEARN_DATA` names another folder than scikit-learn's own to keep them.

    Raises:
        OpenMLUnreachable: OpenML is needed, and nothing came from it for 25 seconds, or it refused.
        DatasetError: there is no data set of that name, or OpenML sent something else.
    """
    if name not in DATASETS:
        raise DatasetError(f"no data set is named {name!r}: there are {', '.join(DATASETS)}")
    images, labels = DATASETS[name].load()
    if images.shape[1:] != (28, 28):
        images = _framed(images)
    train_size = DATASETS[name].train_size
    return Dataset(name, images[:train_size], labels[:train_size], images[train_size:], labels[train_size:])


def _mnist() -> Pictures:
    # pandas takes the class for a number unless told otherwise, and scikit-learn then takes the file for a damaged one.
    data, target = _fetch_openml("mnist_784", version=1, read_csv_kwargs={"dtype": dict.fromkeys(range(785), "uint8")})
    return data.reshape(-1, 28, 28).astype(np.uint8), target.astype(np.uint8)


def _usps() -> Pictures:
    data, target = _fetch_openml("usps", version=2, read_csv_kwargs={"dtype": {256: "str"}})
    pixels = np.round((data + 1) * 127.5).astype(np.uint8)  # from −1..1
    return pixels.reshape(-1, 16, 16), target.astype(np.uint8) - 1


def _digits() -> Pictures:
    from sklearn.datasets import load_digits

    data, target = load_digits(return_X_y=True)
    pixels = np.round(data * (255 / 16)).astype(np.uint8)  # from 0..16
    return pixels.reshape(-1, 8, 8), target.astype(np.uint8)


def _framed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Small pictures, light ink on black and filled to the border, in MNIST's frame."""
    images = [picture_to_image(np.pad(picture, 4)) for picture in pictures]
    return np.stack([image for image in images if image is not None])


def _cached(name: str, fingerprint: str, decode: Callable[[], Pictures]) -> Callable[[], Pictures]:
    """`decode`, of which the result is kept in a file, and trusted only with the right fingerprint."""

    def load() -> Pictures:
        path = _data_home() / "digits-from-scratch" / f"{name}.npz"
        if path.exists():
            with contextlib.suppress(OSError, ArchiveError):
                images, labels = read_arrays(path, ("images", "labels")).values()
                if _fingerprint(images, labels) == fingerprint:
                    return images, labels
            print(f"The decoded {name} in {path} is damaged: decoding it again.")
        images, labels = decode()
        if _fingerprint(images, labels) != fingerprint:
            raise DatasetError(
                f"what OpenML sent is not the {name} of this project: delete {_openml_home()} and try again"
            )
        _keep(path, images=images, labels=labels)
        return images, labels

    return load


def _fingerprint(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16]


def _keep(path: Path, **arrays: NDArray) -> None:
    """Write the arrays. A cache that cannot be written costs time, nothing else."""
    try:
        write_arrays(path, arrays)
    except OSError as error:
        print(
            f"The decoded pictures could not be kept in {path.parent} ({error.strerror}): they are decoded each time."
        )


def _data_home() -> Path:
    """scikit-learn's own answer to where data sets are kept, without importing it: that takes a second."""
    return Path(os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data").expanduser()


def _openml_home() -> Path:
    """Where scikit-learn keeps what OpenML sends."""
    return _data_home() / "openml"


def _fetch_openml(name: str, **options: Any) -> tuple[NDArray, NDArray]:
    """scikit-learn's `fetch_openml`, given up when nothing arrives for `PATIENCE` seconds.

    It has no time limit of its own, and looking up a host name cannot be given one, so it runs in a thread that is
    left behind when it hangs. What arrives is seen in its cache, in a folder tmp… while it is on its way. Decoding a
    file that is there may take its time.

    Raises:
        OpenMLUnreachable: OpenML refused, is out of reach or silent.
        DatasetError: what it sent cannot be read, or not be kept.
    """
    fetched: list[Any] = []
    failure: list[DatasetError] = []

    def fetch() -> None:
        from sklearn.datasets import fetch_openml

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                fetched.append(fetch_openml(name, parser="pandas", as_frame=False, n_retries=1, delay=1, **options))
            except (URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                failure.append(OpenMLUnreachable(f"OpenML, where {name} comes from, cannot be reached ({reason})"))
            except OSError as error:  # of the folder, not of the network: to train on something else would hide it
                advice = f"delete {cache} and try again, or set SCIKIT_LEARN_DATA to a folder that can be written"
                failure.append(DatasetError(f"{name} cannot be kept ({error.strerror or error}): {advice}"))
            except Exception as error:  # whatever damaged JSON and ARFF make scikit-learn and pandas raise
                what, advice = " ".join(str(error)[:200].split()), f"delete {cache} and try again"
                failure.append(DatasetError(f"what OpenML sent as {name} cannot be read ({what}): {advice}"))
        if any("Invalid cache" in str(warning.message) for warning in caught):
            print(f"The cached {name} was damaged: it is taken away and fetched again.")

    cache = _openml_home()
    thread = threading.Thread(target=fetch, name="openml", daemon=True)
    before = seen = _sizes(cache)
    since = time.monotonic()
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(PATIENCE)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
            files = _sizes(cache)
            fetching = any(path.name.startswith("tmp") for path in files.keys() - before.keys())
            decoding = not fetching and any(path.name.lower() == f"{name}.arff.gz" for path in files)
            if files != seen or decoding:
                seen, since = files, time.monotonic()
            elif time.monotonic() - since > PATIENCE:
                raise OpenMLUnreachable(f"OpenML, where {name} comes from, does not answer")
    finally:
        socket.setdefaulttimeout(timeout)
    if failure:
        raise failure[0]
    return fetched[0].data, fetched[0].target


def _sizes(folder: Path) -> dict[Path, int]:
    """The size of each file below the folder, but for those that vanish while one looks."""
    sizes = {}
    with contextlib.suppress(OSError):
        for path in folder.rglob("*"):
            sizes[path] = path.stat().st_size
    return sizes


DATASETS = {
    "mnist": Source("MNIST", 60_000, _cached("mnist", "c2069063c1105f2b", _mnist)),
    "usps": Source("USPS, digits from envelopes", 0, _cached("usps", "394733af5ed9260b", _usps)),
    "digits": Source("scikit-learn’s small digits, not MNIST", 1_297, _digits),
}
TRAINABLE = [name for name, source in DATASETS.items() if source.train_size]
