"""scikit-learn's digits, loaded when this is imported: by the server that forks the trainings, once for all of them."""

import numpy as np

from data.datasets import DATASETS, Source, load_dataset

DIGITS = load_dataset("digits")
IMAGES = np.concatenate([DIGITS.train_images, DIGITS.test_images])
LABELS = np.concatenate([DIGITS.train_labels, DIGITS.test_labels])


def use() -> None:
    """Let this process, and those that it forks, load them from here."""
    DATASETS["digits"] = Source("digits", len(DIGITS.train_images), lambda: (IMAGES, LABELS))
