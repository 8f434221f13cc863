"""Training steps on several cores: a batch is cut into shards, which several processes learn at the same time.

Threads of one process would wait for each other at the interpreter's lock. So each thread of computation has a process
of its own: this one, and workers. The network's arrays and all gradients lie in memory that every process sees;
pictures and results go through pipes. BLAS is held to one thread in each process: on matrices of this size its own
threads cost more than they bring. Shards are assigned beforehand and sums are added in a fixed order, so that the same
number of threads gives the same bits every time.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.context import SpawnContext
from types import ModuleType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.network import Network

from .freed_memory import keep_freed_memory
from .shards import Learner, Shard, SharedMemory, memory_size, place, predict, received, views
from .worker import work

# Images. Larger shards take more memory for nothing, and batch normalization should see enough of them.
LARGEST_SHARD = 64


class WorkerLost(RuntimeError):
    """A process that took part has ended before its time."""


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ParallelNetwork:
    """A network on several threads, from `with` to its end.

    Meanwhile its arrays lie in shared memory: what `network.parameters()` returned before is not what it learns. After
    the `with` they are the same arrays as before again, with the new values.

    Args:
        network: knows its loss. Its arrays may be changed in place between the calls.
        threads: how many work at once, each in a process of its own.

    Attributes:
        gradients: of the last batch, keyed like `network.parameters()`; the same arrays every time.
    """

    def __init__(self, network: Network, threads: int) -> None:
        self.network, self.threads = network, threads

    def __enter__(self) -> Self:
        keep_freed_memory()
        self.limits = threadpool_limits(1, user_api="blas")
        self.own_arrays = self.network.arrays()
        context = get_context("spawn")
        shared = context.RawArray("b", memory_size(self.network, self.threads))
        self.memory = SharedMemory(self.network, shared)
        for name, array in self.network.arrays().items():
            array[...] = self.own_arrays[name]
        self.workers = [Worker(context, self.network, shared, number) for number in range(1, self.threads)]
        self.learner = Learner(self.network, self.memory.gradients(0))
        self.gradients = views(self.memory.gradients(0), self.network.parameters())
        return self

    def __exit__(self, *exception: object) -> None:
        for worker in self.workers:
            worker.dismiss()
        for name, array in self.network.arrays().items():
            self.own_arrays[name][...] = array
        place(self.network, self.own_arrays)
        self.limits.restore_original_limits()

    def learn(self, images: NDArray[Any], targets: NDArray[Any], seed: list[int]) -> tuple[float, int]:
        """Compute the `gradients` of one batch.

        Args:
            images: uint8 `(n, 28, 28)`, or what the network takes in, already scaled.
            targets: `(n, 10)`, what the network should say.
            seed: of all that layers draw at random in this step.

        Returns:
            The mean loss, and how many images had their largest output where the target is not the smallest.

        Raises:
            WorkerLost: a process that took part is gone.
        """
        shards = [
            Shard([*seed, number], images[rows], targets[rows], len(images))
            for number, rows in enumerate(shards_of(len(images), self.threads))
        ]
        mine, *others = (shards[thread :: self.threads] for thread in range(min(self.threads, len(shards))))
        workers = self.workers[: len(others)]
        for worker, theirs in zip(workers, others, strict=True):
            worker.ask("learn", theirs)
        loss, correct = self.learner.learn(mine)
        for worker in workers:
            its_loss, its_correct = worker.answer()
            loss, correct = loss + its_loss, correct + its_correct
            self.memory.gradients(0)[...] += self.memory.gradients(worker.number)
        return loss, correct

    def predict(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """The network's outputs `(n, 10)` for uint8 `(n, 28, 28)`.

        Raises:
            WorkerLost: a process that took part is gone.
        """
        mine, *others = np.array_split(images, self.threads)
        for worker, theirs in zip(self.workers, others, strict=True):
            worker.ask("predict", theirs)
        return np.concatenate([predict(self.network, mine), *(worker.answer() for worker in self.workers)])


class Worker:
    """The other end of a `training.parallel.worker`: a process that takes its part of each batch."""

    def __init__(self, context: SpawnContext, network: Network, shared: Any, number: int) -> None:
        self.number = number
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, network, shared, number), daemon=True)
        with _without_main():
            self.process.start()
        theirs.close()

    def ask(self, what: Literal["learn", "predict"], of: Any) -> None:
        """Let it begin, with the network's arrays as they are now."""
        try:
            self.pipe.send((what, of))
        except OSError:
            raise self._lost() from None

    def answer(self) -> Any:
        """What it computed."""
        try:
            return received(self.pipe)
        except (EOFError, OSError):
            raise self._lost() from None

    def dismiss(self) -> None:
        self.pipe.close()  # which ends it
        self.process.join()

    def _lost(self) -> WorkerLost:
        self.process.join()
        status = self.process.exitcode or 0
        why = f"signal {-status} ended it" if status < 0 else f"it ended with status {status}"
        return WorkerLost(f"a process that took part in the training is gone: {why}; is there enough memory?")


@contextmanager
def _without_main() -> Iterator[None]:
    """Start processes without the program that is running: they need none of it.

    Otherwise a script without `if __name__ == "__main__"` would be run again by each of them, and a program that was
    typed or piped could have none.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def shards_of(count: int, threads: int) -> list[slice]:
    """`count` images cut into shards as equal as can be: as many for each thread, none larger than `LARGEST_SHARD`."""
    each = -(-count // (threads * LARGEST_SHARD))
    edges = np.linspace(0, count, min(count, each * threads) + 1).astype(int)
    return [slice(start, stop) for start, stop in pairwise(edges.tolist())]
