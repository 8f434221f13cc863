"""The same work for many pieces: on the cores at hand by joblib, or on many machines by Dask (extra `cluster`)."""

from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import TypeVar

from joblib import Parallel, delayed

from .extras import extra

ANSWER_WITHIN = 10  # seconds, for a scheduler and its first worker

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class ClusterError(RuntimeError):
    """A cluster cannot be reached or failed; the message says what helps."""


def each(
    work: Callable[[Shared, Item], Result],
    shared: Callable[[], Shared],
    items: Iterable[Item],
    jobs: int = 1,
    scheduler: str | None = None,
) -> Iterator[Result]:
    """`work(shared(), item)` for each item, in their order.

    Args:
        shared: makes what all pieces of work need, such as a network or a data set. On a cluster one worker makes it,
            and every other gets it once from there. Work that was lost with a worker is done again by another.
        jobs: how many processes work at once on this machine; 1 starts none.
        scheduler: the address of a Dask scheduler, `tcp://host:8786`, whose workers do it instead.

    Raises:
        ClusterError: the scheduler does not answer, has no workers, or lost too many of them.
        MissingExtra: Dask is not installed.
    """
    if scheduler is not None:
        yield from _on_cluster(work, shared, items, scheduler)
    elif jobs == 1:
        yield from map(work, repeat(shared()), items)
    else:
        made = shared()
        yield from Parallel(jobs, return_as="generator")(delayed(work)(made, item) for item in items)


def _on_cluster(
    work: Callable[[Shared, Item], Result], shared: Callable[[], Shared], items: Iterable[Item], scheduler: str
) -> Iterator[Result]:
    with extra("cluster"):
        from distributed import Client
        from distributed.scheduler import KilledWorker
    try:
        client = Client(scheduler, timeout=ANSWER_WITHIN)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no Dask scheduler answers at {scheduler} ({error}): start one with `dask scheduler`"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=ANSWER_WITHIN)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {scheduler} has no workers: start some with `dask worker {scheduler}`"
            ) from None
        made = client.submit(shared, pure=False)
        futures = [client.submit(work, made, item, pure=False) for item in items]
        try:
            while futures:
                yield futures.pop(0).result()
        except KilledWorker as error:
            raise ClusterError(
                f"too many workers of {scheduler} were lost ({error}): is there enough memory?"
            ) from None
