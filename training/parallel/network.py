"""Training steps on several cores: a batch is cut into shards, and processes take them through replicas of the network.

Threads of one process would wait for each other at the interpreter's lock. So each thread of computation has a process
of its own: this one, and helpers that find the network's arrays in memory that all of them see, and are told through
pipes which shards to learn. BLAS is held to one thread in each, because its own cost more than they bring on matrices
of this size. Each process has its shards fixed beforehand and sums are added in a fixed order: the same number of
threads gives the same bits every time.
"""

import mmap
import os
import pickle
import subprocess
import sys
import tempfile
from itertools import pairwise
from multiprocessing import Pipe
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.network import Network

from ..files import PROJECT
from ..optimizers import Arrays
from .shards import Learner, Shard, predict, received, views

# Images. Larger shards take more memory for nothing, and batch normalization should see enough of them.
LARGEST_SHARD = 64


class HelperLost(RuntimeError):
    """A process that took part has ended before its time."""


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ParallelNetwork:
    """A network on several threads, from `with` to its end.

    Args:
        network: knows its loss. Its arrays may be changed in place between the calls.
        threads: how many work at once, each in a process of its own.

    Attributes:
        gradients: of the last batch, keyed like `network.parameters()`; the same arrays every time.
    """

    def __init__(self, network: Network, threads: int) -> None:
        self.network, self.threads = network, threads
        self.learner = Learner(network.replica())
        self.gradients = self.learner.gradients

    def __enter__(self) -> Self:
        self.limits = threadpool_limits(1, user_api="blas")
        self.helpers = [Helper(self.network) for _ in range(self.threads - 1)]
        return self

    def __exit__(self, *exception: object) -> None:
        for helper in self.helpers:
            helper.dismiss()
        self.limits.restore_original_limits()

    def learn(self, images: NDArray[np.uint8], targets: NDArray[Any], seed: list[int]) -> tuple[float, int]:
        """Compute the `gradients` of one batch.

        Args:
            images: uint8 `(n, 28, 28)`.
            targets: `(n, 10)`, what the network should say.
            seed: of all that layers draw at random in this step.

        Returns:
            The mean loss, and how many images had their largest output where the target is no smallest one.

        Raises:
            HelperLost: a process that took part is gone.
        """
        shards = [
            Shard([*seed, number], images[rows], targets[rows], len(images))
            for number, rows in enumerate(shards_of(len(images), self.threads))
        ]
        mine, *others = (shards[worker :: self.threads] for worker in range(min(self.threads, len(shards))))
        helpers = self.helpers[: len(others)]
        for helper, theirs in zip(helpers, others, strict=True):
            helper.ask("learn", theirs, self.network.arrays())
        loss, correct = self.learner.learn(mine)
        for helper in helpers:
            its_loss, its_correct = helper.answer()
            loss, correct = loss + its_loss, correct + its_correct
            self.learner.flat_gradients += helper.flat_gradients
        return loss, correct

    def predict(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """The network's outputs `(n, 10)` for uint8 `(n, 28, 28)`.

        Raises:
            HelperLost: a process that took part is gone.
        """
        mine, *others = np.array_split(images, self.threads)
        for helper, theirs in zip(self.helpers, others, strict=True):
            helper.ask("predict", theirs, self.network.arrays())
        return np.concatenate([predict(self.network, mine), *(helper.answer() for helper in self.helpers)])


class Helper:
    """The other end of a `training.parallel.worker`: a process that takes its part of each batch."""

    def __init__(self, network: Network) -> None:
        self.pipe, theirs = Pipe()
        arrays, parameters = network.arrays(), network.parameters()
        sizes = [sum(array.size for array in group.values()) for group in (arrays, parameters)]
        with theirs, tempfile.TemporaryFile() as network_file, tempfile.TemporaryFile() as memory_file:
            pickle.dump(network.replica(), network_file)
            network_file.seek(0)
            memory_file.write(bytes(sum(sizes) * network.dtype.itemsize))  # a hole would be filled when it is too late
            memory_file.flush()
            memory = np.frombuffer(mmap.mmap(memory_file.fileno(), 0), network.dtype)
            self.arrays, self.flat_gradients = views(memory, arrays), memory[sizes[0] :]
            numbers = (theirs.fileno(), memory_file.fileno())
            self.process = subprocess.Popen(
                [sys.executable, "-m", "training.parallel.worker", *map(str, numbers)],
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                stdin=network_file,
                pass_fds=numbers,
            )

    def ask(self, what: str, of: Any, arrays: Arrays) -> None:
        """Let it begin, with the network's arrays as they are now."""
        for name, array in arrays.items():
            np.copyto(self.arrays[name], array)
        try:
            self.pipe.send((what, of))
        except OSError:
            raise self._lost() from None

    def answer(self) -> Any:
        """What it came to."""
        try:
            return received(self.pipe)
        except (EOFError, OSError):
            raise self._lost() from None

    def dismiss(self) -> None:
        self.pipe.close()  # which it takes for its end
        self.process.wait()

    def _lost(self) -> HelperLost:
        status = self.process.wait()
        why = f"signal {-status} ended it" if status < 0 else f"it ended with status {status}"
        return HelperLost(f"a process that took part in the training is gone: {why}; is there enough memory?")


def shards_of(count: int, threads: int) -> list[slice]:
    """`count` images cut into shards as equal as can be: as many for each thread, none larger than `LARGEST_SHARD`."""
    each = -(-count // (threads * LARGEST_SHARD))
    edges = np.linspace(0, count, min(count, each * threads) + 1).astype(int)
    return [slice(start, stop) for start, stop in pairwise(edges.tolist())]
