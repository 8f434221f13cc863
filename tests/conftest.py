"""Fixtures that several test files share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from data import datasets
from data.datasets import Dataset, OpenMLUnreachable, load_dataset
from tests.running_app import copy_project, running_app
from training.runs.lock import locked


@pytest.fixture(scope="session", autouse=True)
def one_blas_thread() -> Iterator[None]:
    """BLAS uses one thread, as in the app: its threads poll while they wait, which wastes time on busy cores."""
    with threadpool_limits(1, user_api="blas"):
        yield


@pytest.fixture(scope="session", autouse=True)
def pictures_framed_once() -> Iterator[None]:
    """Each array of pictures is framed once: framing scikit-learn's digits takes longer than training on them."""
    frame = datasets._framed
    known: dict[bytes, NDArray[np.uint8]] = {}

    def framed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        content = pictures.tobytes()
        if content not in known:
            known[content] = frame(pictures)
            known[content].flags.writeable = False
        return known[content]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "_framed", framed)
        yield


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's AppTest replaces the main module with its page, which multiprocessing would run in new processes."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as it was cloned."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def app_url(project: Path) -> Iterator[str]:
    """The URL of that copy's app, shared by tests."""
    with running_app(project) as url:
        yield url


@pytest.fixture(scope="session")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """MNIST. If it cannot be loaded the test is skipped, or fails in CI."""
    return _or_skipped("mnist", tmp_path_factory)


@pytest.fixture(scope="session")
def usps(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """USPS. If it cannot be loaded the test is skipped, or fails in CI."""
    return _or_skipped("usps", tmp_path_factory)


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """The small digits that come with scikit-learn."""
    return load_dataset("digits")


def _or_skipped(name: str, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    lock = tmp_path_factory.getbasetemp().parent / f"{name}.lock"  # in a folder that pytest-xdist's workers share
    try:
        with locked(lock, timeout=300):  # one of them decodes it, and the others find it decoded
            return load_dataset(name)
    except OpenMLUnreachable as error:
        message = f"{error}: go online once, or set SCIKIT_LEARN_DATA to a folder that holds scikit-learn's cache of it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
