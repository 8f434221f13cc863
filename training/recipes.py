"""Every way of training that has a name, and all that it decides."""

from dataclasses import dataclass
from typing import Any, Self

from .augmentation import Affine


@dataclass(frozen=True)
class Recipe:
    """What a training run does, but for its data and its seed.

    Attributes:
        architecture: a name in `model.architectures`.
        loss: a name in `model.losses`.
        optimizer: a name in `training.optimizers`.
        learning_rate: the highest; it follows `one_cycle`.
        batch_size: images a step.
        augmentation: how far each image is moved at random, or None.
    """

    architecture: str
    loss: str
    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int
    augmentation: Affine | None

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """The recipe that `dataclasses.asdict` turned into `settings`."""
        augmentation = settings["augmentation"]
        return cls(**{**settings, "augmentation": augmentation and Affine(**augmentation)})


RECIPES = {
    "article": Recipe(
        architecture="article",
        loss="mse",
        optimizer="adam",
        learning_rate=2e-3,
        epochs=12,
        batch_size=64,
        augmentation=None,
    ),
    "quick": Recipe(
        architecture="quick",
        loss="softmax_cross_entropy",
        optimizer="adam",
        learning_rate=4e-3,
        epochs=12,
        batch_size=128,
        augmentation=Affine(rotation=8, scale=0.08, shear=0.1, shift=1.5),
    ),
}
