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
SETTLED_ON = 1_024  # training images, on which layers measure what prediction needs


class TrainingError(RuntimeError):
    """Training cannot go on; the message says where it broke and what helps."""


@dataclass
class Progress:
    """How far a run is, and what happened on the way."""

    epoch: int = 0
    step: int = 0  # within the epoch
    loss: float = 0.0  # summed over the epoch's images so far
    correct: int = 0  # of the epoch's images so far
    seconds: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """Trains a network as a recipe says, and keeps what it needs to go on in `folder`.

    Args:
        recipe: its architecture and loss are those of the network.
        network: float32, with its loss set.
        dataset: of its training images, up to 5,000 are held back for validation, always the same.
        seed: of the order of the images and of all that is drawn at random.
        threads: results depend on their number, but not on their timing.
        about: what a checkpoint says of the run, so that it can be set up again.
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
        self.steps = -(-self.images // recipe.batch_size)  # in an epoch, the short last batch included
        self.optimizer = Adam()
        self.progress = Progress()
        self.stopping = False

    def train(self, watch: Callable[[Self], None] = lambda trainer: None) -> bool:
        """Train to the end, or to the end of the step in which `stop` was called; whether it was the end.

        Args:
            watch: called at the start and after every step and epoch, to tell others how far the run is.

        Raises:
            TrainingError: the loss is not finite any more.
            OSError: a checkpoint cannot be written.
        """
        recipe, progress = self.recipe, self.progress
        # From the start as parallel as the steps: as BLAS has one thread there, what it sums has the same bits.
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
                bar.set_postfix_str(self._standing())
                bar.set_description(self._place())
        return True

    def stop(self) -> None:
        """Let `train` finish its step, save, and return."""
        self.stopping = True

    def learning_rate(self) -> float:
        """The rate of the next step."""
        done = (self.progress.epoch * self.steps + self.progress.step) / (self.recipe.epochs * self.steps)
        return one_cycle(done, self.recipe.learning_rate)

    def save(self) -> None:
        """Write the checkpoint.

        Raises:
            OSError: the disk is full or read-only; the last checkpoint still stands.
            TrainingError: there are parameters that are not finite; the last checkpoint still stands.
        """
        self._check_parameters()
        state = {"about": self.about, "progress": vars(self.progress)}
        save_checkpoint(self.folder / "checkpoint.npz", self.network.parameters(), self.optimizer.state, state)

    @cached_property
    def training_set(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The images to learn and their labels, made when they are first asked for: it may take half a minute."""
        images, labels = self.dataset.train_images[self.train_rows], self.dataset.train_labels[self.train_rows]
        return training_set(self.recipe, images, labels, self.seed)

    def _batches(self) -> Iterator[Batch]:
        """The rest of the epoch's batches."""
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
            desc=self._place(),
            postfix=self._standing(),
            unit="step",
            mininterval=0.2 if sys.stderr.isatty() else 10,  # seconds; a log need not hold every move
        )

    def _place(self) -> str:
        return f"epoch {min(self.progress.epoch + 1, self.recipe.epochs)}/{self.recipe.epochs}"

    def _standing(self) -> str:
        if not self.progress.history:
            return ""
        last = self.progress.history[-1]
        return f"loss {last['train_loss']:.4f}, validation {100 * last['validation_accuracy']:.2f} %"

    def _check_parameters(self) -> None:
        """The loss tells of a broken step only when the next one is taken: look before what is broken is kept."""
        if not all(np.isfinite(parameter).all() for parameter in self.network.parameters().values()):
            raise self._not_finite(self.dataset.train_images[self.validation_rows[:1]])

    def _not_finite(self, images: NDArray[np.uint8]) -> TrainingError:
        """Find the first layer that gives numbers that are not finite, and say what helps."""
        culprit = "the loss"
        output = images_to_input(images)
        with np.errstate(all="ignore"):
            for number, layer in enumerate(self.network.layers):
                output = layer.forward_propagation(output, training=False)
                if not np.isfinite(output).all():
                    culprit = f"layer {number}, {type(layer).__name__},"
                    break
        place = f"epoch {self.progress.epoch + 1}, step {self.progress.step + 1}"
        return TrainingError(
            f"the loss is not finite in {place}: {culprit} is the first to overflow. "
            f"The learning rate is {self.learning_rate():.2g}: try a smaller one. "
            f"The last good checkpoint stays in {self.folder / 'checkpoint.npz'}"
        )


def split(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows to train on and rows to validate on, of `count`: the same for every run, so that runs can be compared."""
    rows = np.random.default_rng(0).permutation(count)
    held_back = min(MOST_VALIDATION_IMAGES, count // 10)
    return np.sort(rows[held_back:]), np.sort(rows[:held_back])


def settle(network: Network, dataset: Dataset) -> None:
    """Let the layers measure on training images what they have to know to predict.

    It follows from what they learned, so that no checkpoint has to hold it.
    """
    rows, _ = split(len(dataset.train_images))
    network.settle(images_to_input(dataset.train_images[rows[:SETTLED_ON]]))
