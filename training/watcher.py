"""Publishes a run's progress, and its answers to a dozen hard digits, about once a second."""

import math
import time
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.images import images_to_input
from model.losses import softmax

from .pictures import to_png
from .recipes import Recipe
from .runs.progress import LearnedSteps, Progress, WatchedDigit, write_progress
from .trainer import Trainer

INTERVAL = 1.0  # seconds
WATCHED = 12  # digits
MOST_PARTS = 100  # of the first epoch's curve
SEARCHED = 1_000  # validation images in which the hard ones are looked for
SETTLED_ON = 32  # training images: enough to see by; 128 took 7 % of the time that `best` learns


class Watcher:
    """Writes the `progress.json` of a run about once a second, and at the end of each epoch and of the run.

    Args:
        trainer: before its first step, or before its first step after resuming.
    """

    def __init__(self, trainer: Trainer) -> None:
        dataset, rows = trainer.dataset, trainer.validation_rows[:SEARCHED]
        rows = rows[hardest(dataset.train_images[rows], dataset.train_labels[rows])]
        self.images = dataset.train_images[rows]
        self.typical = images_to_input(dataset.train_images[trainer.train_rows[:SETTLED_ON]])
        self.digits = [
            (int(row), int(dataset.train_labels[row]), to_png(image))
            for row, image in zip(rows, self.images, strict=True)
        ]
        self.started, self.seconds_before = time.perf_counter(), trainer.progress.seconds
        self.steps_before = trainer.steps * trainer.progress.epoch + trainer.progress.step
        self.last = -math.inf
        self.first_epoch: list[LearnedSteps] = []
        self.seen = trainer.progress.step, trainer.progress.loss, trainer.progress.correct

    def __call__(self, trainer: Trainer) -> None:
        """Called by the trainer after every step and epoch: write the progress if it is time to."""
        now = time.perf_counter()
        if now - self.last < INTERVAL and trainer.progress.step and not trainer.stopping:
            return
        self.last = now
        with suppress(OSError):  # progress is optional: a full disk must not end training
            write_progress(trainer.folder / "progress.json", self.snapshot(trainer, now - self.started))

    def snapshot(self, trainer: Trainer, seconds: float) -> Progress:
        """The contents of `progress.json` after `seconds` of training since the start or resume."""
        recipe, progress = trainer.recipe, trainer.progress
        self.add_to_first_epoch(trainer)
        done = trainer.steps * progress.epoch + progress.step
        steps_left = trainer.steps * recipe.epochs - done
        images = images_in(trainer, progress.step)
        network = trainer.network
        if progress.step:  # what the layers measured at the end of the last epoch is no longer so
            network = network.replica()
            network.settle(self.typical)
        probabilities = probabilities_of(network.predict(images_to_input(self.images)), recipe)
        return Progress(
            format=1,
            about=trainer.about,
            epochs=recipe.epochs,
            steps=trainer.steps,
            epoch=progress.epoch,
            step=progress.step,
            loss=float(progress.loss / max(images, 1)),
            # Of digits only, whose number so far is an estimate.
            accuracy=min(float(progress.correct / max(images * trainer.digits / trainer.images, 1)), 1.0),
            seconds=self.seconds_before + seconds,
            seconds_left=seconds * steps_left / max(done - self.steps_before, 1),
            digits=[
                WatchedDigit(*digit, row.tolist())
                for digit, row in zip(self.digits, probabilities.round(4).astype(float), strict=True)
            ],
            first_epoch=self.first_epoch,
        )

    def add_to_first_epoch(self, trainer: Trainer) -> None:
        """Add the steps since the last time to the curve of the first epoch; after it, forget the curve."""
        progress = trainer.progress
        if progress.epoch:
            self.first_epoch = []
            return
        step, loss, correct = self.seen
        images = images_in(trainer, progress.step) - images_in(trainer, step)
        if images <= 0:
            return
        self.seen = progress.step, progress.loss, progress.correct
        digits = images * trainer.digits / trainer.images
        accuracy = min((progress.correct - correct) / digits, 1)
        part = LearnedSteps(progress.step, float((progress.loss - loss) / images), float(accuracy))
        self.first_epoch.append(part)
        if len(self.first_epoch) > MOST_PARTS:
            self.first_epoch = self.first_epoch[::2]


def images_in(trainer: Trainer, steps: int) -> int:
    """The number of images in so many steps of an epoch."""
    return min(steps * trainer.recipe.batch_size, trainer.images)


def hardest(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Rows of the `WATCHED` images that look most like another digit, sorted by digit; one of each digit if possible.

    An image is harder the closer it is to the mean image of another digit, compared with that of its own digit.

    Args:
        images: `(n, 28, 28)`.
        labels: `(n,)`.
    """
    pixels = images.reshape(len(images), -1).astype(np.float32) / 255
    distances = np.full((len(images), 10), np.inf, np.float32)
    for digit in np.unique(labels):
        distances[:, digit] = ((pixels - pixels[labels == digit].mean(axis=0)) ** 2).sum(axis=1)
    own = labels[:, None] == np.arange(10)
    order = np.argsort(np.where(own, np.inf, distances).min(axis=1) - distances[own], kind="stable")
    first = np.unique(labels[order], return_index=True)[1]  # the hardest image of each digit
    chosen = order[np.concatenate([first, np.setdiff1d(np.arange(len(order)), first)])[:WATCHED]]
    return chosen[np.argsort(labels[chosen], kind="stable")]


def probabilities_of(outputs: NDArray[Any], recipe: Recipe) -> NDArray[Any]:
    """The probability of each digit `(n, 10)`, from the outputs `(n, 10)` of a network during training.

    With cross-entropy the softmax of the outputs gives probabilities. With the squared error each output itself is one,
    scaled from the target for wrong digits to the target for the right digit (Richard and Lippmann, "Neural network
    classifiers estimate Bayesian a posteriori probabilities", 1991).
    """
    if recipe.loss == "mse":
        wrong, right = recipe.targets
        return np.nan_to_num((outputs - wrong) / (right - wrong)).clip(0, 1)
    with np.errstate(all="ignore"):
        return np.nan_to_num(softmax(outputs))
