"""Parallel map: on the cores of this machine with joblib, or on many machines with Dask (extra `cluster`)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import TypeVar

from joblib import Parallel, delayed

from .extras import extra

TIMEOUT = 10  # seconds for a scheduler and its first worker

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class ClusterError(RuntimeError):
    """A cluster cannot be reached or has failed; the message names the cure."""


def each(
    work: Callable[[Shared, Item], Result],
    shared: Callable[[], Shared],
    items: Iterable[Item],
    jobs: int = 1,
    scheduler: str | None = None,
    ordered: bool = True,
) -> Iterator[Result]:
    """`work(shared(), item)` for each item.

    Args:
        shared: creates an object that all items need, such as a network or a data set. On a cluster one worker creates
            it, and each other worker receives it once. If a worker is lost, another one repeats its work.
        jobs: the number of processes on this machine; 1 starts no other process.
        scheduler: the address of a Dask scheduler, `tcp://host:8786`, whose workers are used instead.
        ordered: whether the results come in the order of the items, or as soon as they are there.

    Raises:
        ClusterError: the scheduler does not answer, has no workers, or lost too many of them.
        MissingExtra: Dask is not installed.
    """
    if scheduler is not None:
        yield from _on_cluster(work, shared, items, scheduler, ordered)
    elif jobs == 1:
        yield from map(work, repeat(shared()), items)
    else:
        made = shared()
        return_as = "generator" if ordered else "generator_unordered"
        yield from Parallel(jobs, return_as=return_as)(delayed(work)(made, item) for item in items)


def _on_cluster(
    work: Callable[[Shared, Item], Result],
    shared: Callable[[], Shared],
    items: Iterable[Item],
    scheduler: str,
    ordered: bool,
) -> Iterator[Result]:
    with extra("cluster"):
        from distributed import Client, as_completed
        from distributed.scheduler import KilledWorker
    try:
        client = Client(scheduler, timeout=TIMEOUT)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {scheduler} ({error}): start one with `dask scheduler`"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=TIMEOUT)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {scheduler} has no workers: start some with `dask worker {scheduler}`"
            ) from None
        made = client.submit(shared, pure=False)
        futures = deque(client.submit(work, made, item, pure=False) for item in items)
        try:
            if not ordered:
                yield from (future.result() for future in as_completed(futures))
            while ordered and futures:
                yield futures.popleft().result()  # the workers forget what nobody refers to
        except KilledWorker as error:
            raise ClusterError(
                f"too many workers of {scheduler} were lost ({error}): is there enough memory?"
            ) from None
