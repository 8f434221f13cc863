"""The training loop, from a network with random weights to one that reads digits."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from data.datasets import Dataset
from model.images import images_to_input
from model.network import Network

from .batches import Batch, epoch_batches, targets_for
from .checkpoint import save_checkpoint
from .optimizers import Adam
from .parallel.network import ParallelNetwork
from .recipes import Recipe
from .runs.progress import write_history
from .schedules import one_cycle
from .training_set import added_images, training_set

MOST_VALIDATION_IMAGES = 5_000


class TrainingError(RuntimeError):
    """Training failed; the message names the place and the cure."""


@dataclass
class Progress:
    """The progress of a run, and its history."""

    epoch: int = 0
    step: int = 0  # within the epoch
    loss: float = 0.0  # sum over the images of the epoch so far
    correct: int = 0  # right answers in the epoch so far
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains a network by a recipe, and writes checkpoints and the history to `folder`.

    Args:
        recipe: with the architecture and loss of the network.
        network: float32, with its loss set.
        dataset: up to 5,000 of its training images, always the same, are used for validation.
        seed: determines the order of the images and everything random.
        threads: the results depend on their number, but not on their timing.
        about: the settings of the run, stored in its checkpoints so that it can be resumed.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        dataset: Dataset,
        seed: int,
        threads: int,
        folder: Path,
        about: dict[str, Any],
    ) -> None:
        self.recipe, self.network, self.dataset = recipe, network, dataset
        self.seed, self.threads, self.folder, self.about = seed, threads, folder, about
        self.train_rows, self.validation_rows = split(len(dataset.train_images))
        added = added_images(recipe, len(self.train_rows))
        self.images = len(self.train_rows) + sum(added)
        self.digits = self.images - added.outliers
        self.steps = -(-self.images // recipe.batch_size)  # per epoch, including the last, smaller batch
        self.optimizer = Adam()
        self.progress = Progress()
        self.stopping = False

    def train(self, watch: Callable[[Self], None] = lambda trainer: None) -> bool:
        """Train until the last epoch ends, or until the current step ends once `stop` was called. Returns whether the
        training is finished.

        Args:
            watch: called at the start and after every step and epoch, to publish the progress.

        Raises:
            TrainingError: the loss is not finite.
            OSError: a checkpoint cannot be written.
        """
        recipe, progress = self.recipe, self.progress
        # `settle` is inside too: BLAS has one thread here, so that its sums always have the same bits.
        with ParallelNetwork(self.network, self.threads) as parallel, self._bar() as bar:
            parameters = self.network.parameters()
            settle(self.network, self.dataset)
            self.save()
            watch(self)
            while progress.epoch < recipe.epochs:
                started = time.perf_counter()
                for images, targets in self._batches():
                    loss, correct = parallel.learn(images, targets, [self.seed, progress.epoch, progress.step])
                    if not np.isfinite(loss):
                        raise self._not_finite(images)
                    self.optimizer.step(parameters, parallel.gradients, self.learning_rate())
                    progress.step += 1
                    progress.loss += loss * len(images)
                    progress.correct += correct
                    bar.update()
                    watch(self)
                    if self.stopping:
                        progress.seconds += time.perf_counter() - started
                        self.save()
                        return False
                self._finish_epoch(parallel, started)
                watch(self)
                bar.set_postfix_str(self._results())
                bar.set_description(self._epoch())
        return True

    def stop(self) -> None:
        """Ask `train` to finish its step, save, and return."""
        self.stopping = True

    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        done = (self.progress.epoch * self.steps + self.progress.step) / (self.recipe.epochs * self.steps)
        return one_cycle(done, self.recipe.learning_rate)

    def save(self) -> None:
        """Write the checkpoint.

        Raises:
            OSError: the disk is full or read-only; the previous checkpoint is unchanged.
            TrainingError: a parameter is not finite; the previous checkpoint is unchanged.
        """
        self._check_parameters()
        state = {"about": self.about, "progress": vars(self.progress)}
        save_checkpoint(self.folder / "checkpoint.npz", self.network.parameters(), self.optimizer.state, state)

    @cached_property
    def training_set(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The images to learn and their labels, made on first use, which may take half a minute."""
        images, labels = self.dataset.train_images[self.train_rows], self.dataset.train_labels[self.train_rows]
        return training_set(self.recipe, images, labels, self.seed)

    def _batches(self) -> Iterator[Batch]:
        """The remaining batches of the epoch."""
        return epoch_batches(self.recipe, *self.training_set, [self.seed, self.progress.epoch], self.progress.step)

    def _finish_epoch(self, parallel: ParallelNetwork, started: float) -> None:
        self._check_parameters()
        settle(self.network, self.dataset)
        progress, rate = self.progress, self.learning_rate()
        outputs = parallel.predict(self.dataset.train_images[self.validation_rows])
        labels = self.dataset.train_labels[self.validation_rows]
        loss, _ = self.network.losses()
        progress.seconds += time.perf_counter() - started
        progress.history.append(
            {
                "epoch": progress.epoch + 1,
                "train_loss": progress.loss / self.images,
                "train_accuracy": progress.correct / self.digits,
                "validation_loss": loss(targets_for(labels, self.recipe.targets), outputs),
                "validation_accuracy": float((outputs.argmax(axis=1) == labels).mean()),
                "learning_rate": rate,
                "seconds": round(progress.seconds, 2),
            }
        )
        progress.epoch += 1
        progress.step, progress.loss, progress.correct = 0, 0.0, 0
        if progress.epoch == 1 and progress.history[0]["validation_accuracy"] < 0.2:
            tqdm.write(
                "warning: hardly better than guessing after the first epoch. Likely causes: a learning rate far too "
                "high or low, weights that start far too large or small, labels that do not belong to their images.",
                file=sys.stderr,
            )
        write_history(self.folder / "history.csv", progress.history)
        self.save()

    def _bar(self) -> Any:
        """A progress bar over all steps: epoch, loss, validation accuracy, time left."""
        return tqdm(
            total=self.recipe.epochs * self.steps,
            initial=self.progress.epoch * self.steps + self.progress.step,
            desc=self._epoch(),
            postfix=self._results(),
            unit="step",
            mininterval=0.2 if sys.stderr.isatty() else 10,  # seconds; a log file needs few updates
        )

    def _epoch(self) -> str:
        return f"epoch {min(self.progress.epoch + 1, self.recipe.epochs)}/{self.recipe.epochs}"

    def _results(self) -> str:
        if not self.progress.history:
            return ""
        last = self.progress.history[-1]
        return f"loss {last['train_loss']:.4f}, validation {100 * last['validation_accuracy']:.2f} %"

    def _check_parameters(self) -> None:
        """Check before saving: the loss shows an invalid parameter only in the next step."""
        if not self.network.is_finite():
            raise self._not_finite(self.dataset.train_images[self.validation_rows[:1]])

    def _not_finite(self, images: NDArray[np.uint8]) -> TrainingError:
        """An error that names the first layer whose output is not finite, and the cure."""
        culprit = "the loss"
        output = images_to_input(images)
        with np.errstate(all="ignore"):
            for i, layer in enumerate(self.network.layers):
                output = layer.forward_propagation(output, training=False)
                if not np.isfinite(output).all():
                    culprit = f"layer {i}, {type(layer).__name__},"
                    break
        place = f"epoch {self.progress.epoch + 1}, step {self.progress.step + 1}"
        return TrainingError(
            f"the loss is not finite in {place}: {culprit} is the first to overflow. "
            f"The learning rate is {self.learning_rate():.2g}: try a smaller one. "
            f"The last good checkpoint stays in {self.folder / 'checkpoint.npz'}"
        )


def split(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The training and validation rows of `count` rows: the same for every run, so that runs are comparable."""
    rows = np.random.default_rng(0).permutation(count)
    held_back = min(MOST_VALIDATION_IMAGES, count // 10)
    return np.sort(rows[held_back:]), np.sort(rows[:held_back])


def settle(network: Network, dataset: Dataset) -> None:
    """Let the layers measure, on training images, the statistics that they need for prediction.

    They follow from the parameters, so checkpoints need not contain them.
    """
    rows, _ = split(len(dataset.train_images))
    network.settle(images_to_input(dataset.train_images[rows[: Network.SETTLED_ON]]))
