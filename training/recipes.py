"""Every way of training that has a name, and all that it decides."""

from dataclasses import dataclass
from typing import Any, Self

from .examples.augmentation import Distortion


@dataclass(frozen=True)
class Recipe:
    """What a training run does, but for its data and its seed.

    Attributes:
        architecture: a name in `model.architectures`.
        loss: a name in `model.losses`.
        targets: what an output should be for the wrong digits, and for the right one.
        learning_rate: the highest of `Adam`; it follows `one_cycle`.
        batch_size: images a step.
        augmentation: how far each image is distorted at random, or None.
        redrawn: digits redrawn as other hands write them, as a share of the training images.
        written: digits written from skeletons, likewise.
        outliers: pictures of no digit, likewise.
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
        """The recipe that `dataclasses.asdict` turned into `settings`.

        Raises:
            KeyError, TypeError: another version of the project made them.
        """
        if settings.get("optimizer") == "adam":  # earlier versions said so; now there is no other
            settings = {name: value for name, value in settings.items() if name != "optimizer"}
        augmentation = settings["augmentation"]
        targets = tuple(settings["targets"])
        return cls(**{**settings, "targets": targets, "augmentation": augmentation and Distortion(**augmentation)})


# tanh goes from −1 to 1, and a network that aims at both ends learns far better than one that aims at 0 and 1
# (LeCun et al., "Efficient BackProp", 1998, section 4.5).
RECIPES = {
    "article": Recipe(
        architecture="article",
        loss="mse",
        targets=(-1, 1),
        learning_rate=3e-3,
        epochs=120,
        batch_size=64,
        augmentation=Distortion(rotation=8, scale=0.08, shear=0.1, shift=1.5),
    ),
    "quick": Recipe(
        architecture="quick",
        loss="softmax_cross_entropy",
        targets=(0, 1),
        learning_rate=8e-3,
        epochs=14,
        batch_size=128,
        augmentation=Distortion(rotation=10, scale=0.1, shear=0.15, shift=1.5),
        redrawn=0.1,
        outliers=0.05,
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
        epochs=30,
        batch_size=128,
        augmentation=Distortion(rotation=12, scale=0.12, shear=0.2, shift=2),
        redrawn=0.1,
        written=0.1,
        outliers=0.05,
    ),
    "tiny": Recipe(
        architecture="tiny",
        loss="softmax_cross_entropy",
        targets=(0, 1),
        learning_rate=6e-3,
        epochs=40,
        batch_size=128,
        augmentation=Distortion(rotation=8, scale=0.08, shear=0.1, shift=1.5),
    ),
}
