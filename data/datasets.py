"""The data sets, as images in MNIST's frame, loaded through scikit-learn and its cache.

scikit-learn caches OpenML's files as text, which takes seconds to decode. We cache the decoded arrays as well, and
check their fingerprint whenever they are loaded: a damaged file costs time, but never gives wrong data.
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

from .ink import ink_to_image

TIMEOUT = 25  # seconds without a byte from OpenML
NO_DIGIT = 10  # the label of a non-digit image
Images = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # images and their labels


class DatasetError(ValueError):
    """The data set cannot be loaded; the message names the cause and the cure."""


class OpenMLUnreachable(DatasetError):
    """OpenML refused the request, cannot be reached, or does not answer."""


@dataclass(frozen=True)
class Dataset:
    """Images uint8 `(n, 28, 28)`, 0 = paper, 255 = ink, and their labels `(n,)`, split into training and test sets."""

    name: str
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


@dataclass(frozen=True)
class Source:
    """A data set that can be loaded.

    Attributes:
        about: its description.
        train_size: the number of training images, which come first; the others are test images.
        load: returns the images, of any size, and their labels.
    """

    about: str
    train_size: int
    load: Callable[[], Images]


def load_dataset(name: str) -> Dataset:
    """A data set by name: "mnist", "usps" (digits from envelopes) or "digits" (scikit-learn's 1,797 small images).

    The first two are downloaded from OpenML once, into scikit-learn's data folder; the environment variable
    `SCIKIT_LEARN_DATA` names another folder.

    Raises:
        OpenMLUnreachable: a download is needed, and OpenML refused it or sent nothing for 25 seconds.
        DatasetError: there is no data set of that name, or OpenML sent different data.
    """
    if name not in DATASETS:
        raise DatasetError(f"there is no data set named {name!r}: choose {', '.join(DATASETS)}")
    images, labels = DATASETS[name].load()
    if images.shape[1:] != (28, 28):
        images = _framed(images)
    train_size = DATASETS[name].train_size
    return Dataset(name, images[:train_size], labels[:train_size], images[train_size:], labels[train_size:])


def is_at_hand(name: str) -> bool:
    """Whether a data set loads without a download: it comes with scikit-learn, or was decoded before."""
    return name == "digits" or _cache_file(name).exists()


def _mnist() -> Images:
    # Without the dtype, pandas reads the label as a number, and scikit-learn then reports the file as damaged.
    data, target = _fetch_openml("mnist_784", version=1, read_csv_kwargs={"dtype": dict.fromkeys(range(785), "uint8")})
    return data.reshape(-1, 28, 28).astype(np.uint8), target.astype(np.uint8)


def _usps() -> Images:
    data, target = _fetch_openml("usps", version=2, read_csv_kwargs={"dtype": {256: "str"}})
    pixels = np.round((data + 1) * 127.5).astype(np.uint8)  # from −1..1
    return pixels.reshape(-1, 16, 16), target.astype(np.uint8) - 1


def _digits() -> Images:
    from sklearn.datasets import load_digits

    data, target = load_digits(return_X_y=True)
    pixels = np.round(data * (255 / 16)).astype(np.uint8)  # from 0..16
    return pixels.reshape(-1, 8, 8), target.astype(np.uint8)


def _framed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Small images, light ink on black that reaches the border, converted to MNIST's frame.

    Their paper is known, unlike a photograph's. What is as bright as the ink usually is counts as black ink: the median
    of all that is brighter than half of the brightest pixel.
    """
    images = []
    for picture in pictures:
        usual = np.median(picture[picture > picture.max() / 2])
        images.append(ink_to_image(np.pad((picture / usual).clip(0, 1), 4).astype(np.float32)))
    return np.stack(images)


def _cached(name: str, fingerprint: str, decode: Callable[[], Images]) -> Callable[[], Images]:
    """Wrap `decode` with a cache file, which is used only if its fingerprint is right."""

    def load() -> Images:
        path = _cache_file(name)
        if path.exists():
            with contextlib.suppress(OSError, ArchiveError):
                images, labels = read_arrays(path, ("images", "labels")).values()
                if _fingerprint(images, labels) == fingerprint:
                    return images, labels
            print(f"The cached {name} in {path} is damaged: decoding it again.")
        images, labels = decode()
        if _fingerprint(images, labels) != fingerprint:
            raise DatasetError(
                f"OpenML sent data that differs from this project's {name}: delete {_openml_home()} and try again"
            )
        _store(path, images=images, labels=labels)
        return images, labels

    return load


def _fingerprint(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> str:
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()[:16]


def _store(path: Path, **arrays: NDArray) -> None:
    """Write the arrays. If the cache cannot be written, decoding takes time again, nothing else."""
    try:
        write_arrays(path, arrays)
    except OSError as error:
        print(
            f"The decoded images could not be cached in {path.parent} ({error.strerror}): they are decoded each time."
        )


def _cache_file(name: str) -> Path:
    return _data_home() / "digits-from-scratch" / f"{name}.npz"


def _data_home() -> Path:
    """scikit-learn's data folder, computed as scikit-learn does. Importing it would take a second."""
    return Path(os.environ.get("SCIKIT_LEARN_DATA") or "~/scikit_learn_data").expanduser()


def _openml_home() -> Path:
    """The folder in which scikit-learn caches OpenML's files."""
    return _data_home() / "openml"


def _fetch_openml(name: str, **options: Any) -> tuple[NDArray, NDArray]:
    """scikit-learn's `fetch_openml`, abandoned when nothing arrives for `TIMEOUT` seconds.

    `fetch_openml` has no timeout, and the lookup of a host name cannot have one. So it runs in a thread, which is
    abandoned when it hangs. Progress shows in the cache: unfinished downloads are in folders named tmp…. Decoding a
    complete file is not limited in time.

    Raises:
        OpenMLUnreachable: OpenML refused the request, cannot be reached, or does not answer.
        DatasetError: the data cannot be read or cannot be cached.
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
            except OSError as error:  # from the folder, not the network: a fallback to other data would hide it
                advice = f"delete {cache} and try again, or set SCIKIT_LEARN_DATA to a folder that can be written"
                failure.append(DatasetError(f"{name} cannot be cached ({error.strerror or error}): {advice}"))
            except Exception as error:  # damaged JSON and ARFF can make scikit-learn and pandas raise anything
                reason, advice = " ".join(str(error)[:200].split()), f"delete {cache} and try again"
                failure.append(DatasetError(f"{name} from OpenML cannot be read ({reason}): {advice}"))
        if any("Invalid cache" in str(warning.message) for warning in caught):
            print(f"The cached {name} was damaged: it is deleted and downloaded again.")

    cache = _openml_home()
    thread = threading.Thread(target=fetch, name="openml", daemon=True)
    before = seen = _sizes(cache)
    last_change = time.monotonic()
    timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
            files = _sizes(cache)
            fetching = any(path.name.startswith("tmp") for path in files.keys() - before.keys())
            decoding = not fetching and any(path.name.lower() == f"{name}.arff.gz" for path in files)
            if files != seen or decoding:
                seen, last_change = files, time.monotonic()
            elif time.monotonic() - last_change > TIMEOUT:
                raise OpenMLUnreachable(f"OpenML, where {name} comes from, does not answer")
    finally:
        socket.setdefaulttimeout(timeout)
    if failure:
        raise failure[0]
    return fetched[0].data, fetched[0].target


def _sizes(folder: Path) -> dict[Path, int]:
    """The size of each file below the folder; files that disappear meanwhile may be missing."""
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
