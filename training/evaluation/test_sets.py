"""The test sets: named data sets, and the user's own files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.datasets import DATASETS, DatasetError, OpenMLUnreachable, load_dataset
from data.samples import load_samples

from ..formatting import readable


def about_images(dataset: str) -> str:
    """A description of the images that `load_images` returns."""
    return f"the test images of {DATASETS[dataset].about}" if dataset in DATASETS else f"the digits in {dataset}"


def load_images(dataset: str) -> tuple[NDArray[np.uint8], NDArray[np.integer], list[str]]:
    """The test images `(n, 28, 28)` of a data set, their labels `(n,)`, and what could not be read, with the reasons.

    Args:
        dataset: a name in `data.datasets.DATASETS`, or the path of a folder or file as in `data.samples`.

    Raises:
        DatasetError: there is no such data set, or it cannot be read.
    """
    if dataset in DATASETS:
        try:
            loaded = load_dataset(dataset)
        except OpenMLUnreachable as error:
            raise DatasetError(
                f"{error}: try again later, or choose the data set digits, which needs no download"
            ) from None
        return loaded.test_images, loaded.test_labels, []
    if not Path(dataset).exists():
        raise DatasetError(f"there is no data set, folder or file {dataset!r}: choose {', '.join(DATASETS)} or a path")
    unread: list[str] = []
    images, labels = load_samples(dataset, unread)
    # A file name may contain line breaks.
    return images, labels, [" ".join(readable(line).split()) for line in unread]
