"""What several test files need."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.datasets import Dataset, OpenMLUnreachable, load_dataset
from tests.running_app import copy_project, running_app


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project as it was cloned."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def app_url(project: Path) -> Iterator[str]:
    """Where the app of that copy runs, for tests that do not mind what others did to it."""
    with running_app(project) as url:
        yield url


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """MNIST itself. Where it cannot be had a test is skipped, and in CI it fails."""
    return _or_skipped("mnist")


@pytest.fixture(scope="session")
def usps() -> Dataset:
    """USPS itself, likewise."""
    return _or_skipped("usps")


@pytest.fixture(scope="session")
def digits() -> Dataset:
    """The small digits that come with scikit-learn."""
    return load_dataset("digits")


def _or_skipped(name: str) -> Dataset:
    try:
        return load_dataset(name)
    except OpenMLUnreachable as error:
        message = f"{error}: go online once, or set SCIKIT_LEARN_DATA to a folder that holds scikit-learn's cache of it"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
