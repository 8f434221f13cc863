"""The named recipes, each with all settings of a training run."""

from dataclasses import dataclass
from typing import Any, Self

from .examples.augmentation import Distortion


@dataclass(frozen=True)
class Recipe:
    """All settings of a training run except data and seed.

    Attributes:
        architecture: a name in `model.architectures`.
        loss: a name in `model.losses`.
        targets: the target of an output for a wrong digit, and for the right digit.
        learning_rate: the highest rate of `Adam`; the schedule is `one_cycle`.
        batch_size: images per step.
        augmentation: the limits of the random distortion of each image, or None.
        redrawn: number of added digits redrawn in other writing styles, as a share of the training images.
        written: number of added digits written from skeletons, as a share of the training images.
        outliers: number of added non-digit images, as a share of the training images.
    """

    architecture: str
    loss: str
    targets: tuple[float, float]
    learning_rate: float
    epochs: int
    batch_size: int
    augmentation: Distortion | None
    redrawn: float = 0.0
    written: float = 0.0
    outliers: float = 0.0

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """The inverse of `dataclasses.asdict`.

        Raises:
            KeyError, TypeError: the settings are from another version of this project.
        """
        if settings.get("optimizer") == "adam":  # stored by earlier versions; Adam is the only one now
            settings = {name: value for name, value in settings.items() if name != "optimizer"}
        augmentation = settings["augmentation"]
        targets = tuple(settings["targets"])
        return cls(**{**settings, "targets": targets, "augmentation": augmentation and Distortion(**augmentation)})


# tanh has values from −1 to 1. With targets at both ends a network learns far better than with targets 0 and 1
# (LeCun et al., "Efficient BackProp", 1998, section 4.5).
RECIPES = {
    "article": Recipe(
        architecture="article",
        loss="mse",
        targets=(-1, 1),
        learning_rate=3e-3,
        epochs=200,
        batch_size=64,
        augmentation=Distortion(rotation=8, scale=0.08, shear=0.1, shift=1.5),
        redrawn=0.1,
        written=0.1,
    ),
    "quick": Recipe(
        architecture="quick",
        loss="softmax_cross_entropy",
        targets=(0, 1),
        learning_rate=8e-3,
        epochs=30,
        batch_size=128,
        augmentation=Distortion(rotation=10, scale=0.1, shear=0.15, shift=1.5),
        redrawn=0.1,
        written=0.1,
        outliers=0.08,
    ),
    "sprint": Recipe(
        architecture="quick",
        loss="softmax_cross_entropy",
        targets=(0, 1),
        learning_rate=8e-3,
        epochs=2,
        batch_size=128,
        augmentation=None,
    ),
    "best": Recipe(
        architecture="best",
        loss="softmax_cross_entropy",
        targets=(0, 1),
        learning_rate=8e-3,
        epochs=60,
        batch_size=128,
        augmentation=Distortion(rotation=12, scale=0.12, shear=0.2, shift=2),
        redrawn=0.1,
        written=0.1,
        outliers=0.08,
    ),
    "tiny": Recipe(
        architecture="tiny",
        loss="softmax_cross_entropy",
        targets=(0, 1),
        learning_rate=6e-3,
        epochs=40,
        batch_size=128,
        augmentation=Distortion(rotation=8, scale=0.08, shear=0.1, shift=1.5),
        redrawn=0.1,
        written=0.1,
    ),
}
