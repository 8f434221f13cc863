"""What several test files need."""

import os

import pytest

from data.datasets import Dataset, OpenMLUnreachable, load_dataset


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
