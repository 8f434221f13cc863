"""Training steps on several cores: a batch is cut into shards, and threads take them through replicas of the network.

numpy lets go of the interpreter's lock in its products and longer loops, so that the threads really run at once. BLAS
is held to one thread, because its own cost more than they bring on matrices of this size. Each thread has its shards
fixed beforehand and sums are added in a fixed order: the same number of threads gives the same bits every time.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from model.images import images_to_input
from model.network import Network

# Images. Larger shards take more memory for nothing; smaller ones let the threads wait for the interpreter's lock.
LARGEST_SHARD = 64


def usable_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ParallelNetwork:
    """A network on several threads, from `with` to its end.

    Args:
        network: knows its loss. Its parameters may be changed in place between the calls.
        threads: how many work at once.

    Attributes:
        gradients: of the last batch, keyed like `network.parameters()`; the same arrays every time.
    """

    def __init__(self, network: Network, threads: int) -> None:
        self.network = network
        self.replicas = [network.replica() for _ in range(threads)]
        self.sums = [
            {name: np.empty_like(array) for name, array in network.parameters().items()} for _ in self.replicas
        ]
        self.gradients = self.sums[0]

    def __enter__(self) -> Self:
        self.limits = threadpool_limits(1, user_api="blas")
        self.pool = ThreadPoolExecutor(len(self.replicas))
        return self

    def __exit__(self, *exception: object) -> None:
        self.pool.shutdown()
        self.limits.restore_original_limits()

    def learn(self, images: NDArray[np.uint8], targets: NDArray[Any], seed: list[int]) -> tuple[float, int]:
        """Compute the `gradients` of one batch.

        Args:
            images: uint8 `(n, 28, 28)`.
            targets: `(n, 10)`, what the network should say.
            seed: of all that layers draw at random in this step.

        Returns:
            The mean loss, and how many images had their largest output where the target is no smallest one.
        """
        shards = shards_of(len(images), len(self.replicas))

        def work(worker: int) -> tuple[float, int]:
            replica, sums = self.replicas[worker], self.sums[worker]
            assert replica.loss is not None
            assert replica.loss_prime is not None
            loss, correct = 0.0, 0
            # What overflows shows in the loss, which is finite or not for whoever asked for it to judge.
            with np.errstate(all="ignore"):
                for number in range(worker, len(shards), len(self.replicas)):
                    y_true = targets[shards[number]]
                    share = len(y_true) / len(images)  # of the batch: the loss takes its mean over a shard
                    replica.draw_from(np.random.default_rng([*seed, number]))
                    output = replica.forward_propagation(images_to_input(images[shards[number]]), training=True)
                    loss += replica.loss(y_true, output) * share
                    answered = np.take_along_axis(y_true, output.argmax(axis=1)[:, np.newaxis], axis=1)
                    correct += int((answered > y_true.min(axis=1, keepdims=True)).sum())
                    replica.compute_gradients(replica.loss_prime(y_true, output) * output.dtype.type(share))
                    for name, gradient in replica.gradients().items():
                        if number == worker:
                            np.copyto(sums[name], gradient)
                        else:
                            sums[name] += gradient
            return loss, correct

        workers = range(min(len(self.replicas), len(shards)))
        results = list(self.pool.map(work, workers))
        for worker in workers[1:]:
            for name, gradient in self.gradients.items():
                gradient += self.sums[worker][name]
        return sum(loss for loss, _ in results), sum(correct for _, correct in results)

    def predict(self, images: NDArray[np.uint8]) -> NDArray[Any]:
        """The network's outputs `(n, 10)` for uint8 `(n, 28, 28)`."""
        parts = np.array_split(images, len(self.replicas))
        return np.concatenate(list(self.pool.map(lambda part: self.network.predict(images_to_input(part)), parts)))


def shards_of(count: int, threads: int) -> list[slice]:
    """`count` images cut into shards as equal as can be: as many for each thread, none larger than `LARGEST_SHARD`."""
    each = -(-count // (threads * LARGEST_SHARD))
    edges = np.linspace(0, count, min(count, each * threads) + 1).astype(int)
    return [slice(start, stop) for start, stop in pairwise(edges.tolist())]
