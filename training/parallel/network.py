"""Training steps on several cores: a batch is split into shards, which several processes learn at the same time.

Threads of one process would wait for the global interpreter lock. So each thread of computation is a process: this one
and its workers. The network's arrays and all gradients are in shared memory; images and results are sent through pipes.
BLAS uses one thread in each process: for matrices of this size, its own threads cost more than they gain. The
assignment of shards and the order of sums are fixed, so that the same number of threads always gives the same bits.
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

# Images. Larger shards only take more memory; batch normalization needs enough images per shard.
LARGEST_SHARD = 64


class WorkerLost(RuntimeError):
    """A worker process has ended unexpectedly."""


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ParallelNetwork:
    """A network that computes on several threads within a `with` block.

    In the block its arrays are in shared memory: arrays that `network.parameters()` returned earlier are not updated.
    After the block the network has its original arrays again, with the new values.

    Args:
        network: with its loss set. Its arrays may be changed in place between calls.
        threads: the number of processes, including this one.

    Attributes:
        gradients: the gradients of the last batch, keyed like `network.parameters()`; always the same arrays.
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
            images: uint8 `(n, 28, 28)`, or the network's input, already scaled.
            targets: `(n, 10)`, the targets of the outputs.
            seed: determines everything random in this step.

        Returns:
            The mean loss, and the number of digits answered correctly.

        Raises:
            WorkerLost: a worker process has ended.
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
            WorkerLost: a worker process has ended.
        """
        mine, *others = np.array_split(images, self.threads)
        for worker, theirs in zip(self.workers, others, strict=True):
            worker.ask("predict", theirs)
        return np.concatenate([predict(self.network, mine), *(worker.answer() for worker in self.workers)])


class Worker:
    """A worker process and the pipe to it; see `training.parallel.worker`."""

    def __init__(self, context: SpawnContext, network: Network, shared: Any, number: int) -> None:
        self.number = number
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, network, shared, number), daemon=True)
        with _without_main():
            self.process.start()
        theirs.close()

    def ask(self, task: Literal["learn", "predict"], data: Any) -> None:
        """Start a task with the current values of the network's arrays."""
        try:
            self.pipe.send((task, data))
        except OSError:
            raise self._lost() from None

    def answer(self) -> Any:
        """The result of the task."""
        try:
            return received(self.pipe)
        except (EOFError, OSError):
            raise self._lost() from None

    def dismiss(self) -> None:
        self.pipe.close()  # ends the worker
        self.process.join()

    def _lost(self) -> WorkerLost:
        self.process.join()
        status = self.process.exitcode or 0
        why = f"signal {-status} ended it" if status < 0 else f"it ended with status {status}"
        return WorkerLost(f"a process that took part in the training is gone: {why}; is there enough memory?")


@contextmanager
def _without_main() -> Iterator[None]:
    """Start processes that do not import the running program's main module.

    Otherwise each of them would run a script again if it lacks `if __name__ == "__main__"`, and a program that was
    typed or piped in could not start any.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def shards_of(count: int, threads: int) -> list[slice]:
    """Split `count` images into shards of at most `LARGEST_SHARD`, of equal size (±1), equally many per thread."""
    per_thread = -(-count // (threads * LARGEST_SHARD))
    edges = np.linspace(0, count, min(count, per_thread * threads) + 1).astype(int)
    return [slice(start, stop) for start, stop in pairwise(edges.tolist())]
