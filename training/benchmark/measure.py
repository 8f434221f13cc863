"""Measuring in turns: each contestant works in a process of its own, and the parent lets one at a time run.

Machines drift, and shared ones drift a lot. Contestants that take turns drift together, so it is the ratio within each
round that counts, not a time by itself.
"""

import importlib
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Self

Work = Callable[[], dict[str, float]]  # does a piece of work; returns what else there is to say of it

PROCESS = ExitStack()  # what a contestant holds for as long as its process lives


class Unavailable(RuntimeError):
    """A contestant cannot take part: a library is not installed."""


@dataclass(frozen=True)
class Sample:
    """One run: how long it took, its process's peak memory by then, and what the work said of itself."""

    seconds: float
    megabytes: float
    facts: dict[str, float]


class Contestant:
    """A piece of work that is set up once, in a new process, and then run whenever it is asked to.

    Args:
        name: as tables call it.
        make: a module of this package and a function in it, "pytorch.training"; called in the new process with
            `arguments`, it returns the work. It is named, not given, so that the parent need not import PyTorch.
    """

    def __init__(self, name: str, make: str, *arguments: Any) -> None:
        self.name = name
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, make, arguments))
        self.process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.connection.close()
        self.process.join()
        self.process.close()

    def run(self) -> Sample:
        """Let it work once.

        Raises:
            Unavailable: it cannot be set up here.
            RuntimeError: its process has died.
        """
        try:
            self.connection.send(None)
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise RuntimeError(f"{self.name} has died: what it printed says why") from None
        if isinstance(answer, Exception):
            raise answer
        return Sample(*answer)


def serve(connection: Connection, make: str, arguments: tuple[Any, ...]) -> None:
    """The life of a contestant's process: it ends when the parent hangs up."""
    module, _, function = make.partition(".")
    try:
        connection.recv()
        work: Work = getattr(importlib.import_module(f".{module}", __package__), function)(*arguments)
        while True:
            started = time.perf_counter()
            facts = work()
            seconds = time.perf_counter() - started
            connection.send((seconds, peak_memory(), facts))
            connection.recv()
    except ModuleNotFoundError as error:
        connection.send(Unavailable(f"{error.name} is not installed"))
    except Unavailable as missing:
        connection.send(missing)
    except EOFError:
        pass
    finally:
        PROCESS.close()


def peak_memory() -> float:
    """The most memory that this process has had, in megabytes, plus the most of each process that it has started.

    Linux counts what the parent had into `ru_maxrss`, even of a process started anew; its own peak stands in /proc.
    Elsewhere the processes that it has started are not counted.
    """
    me, peaks = str(os.getpid()), []
    for file in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # it has just ended
            status = dict(line.split(":", 1) for line in file.read_text().splitlines())
            if me in (status["Pid"].strip(), status["PPid"].strip()) and "VmHWM" in status:
                peaks.append(int(status["VmHWM"].removesuffix("kB")) / 1e3)
    if peaks:
        return sum(peaks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes there, kilobytes elsewhere


def in_turns(contestants: Sequence[Contestant], rounds: int) -> dict[str, list[Sample]]:
    """The samples of each, by name: `rounds` times around, after one round that does not count.

    One that cannot take part is left out.
    """
    present = []
    for contestant in contestants:
        try:
            contestant.run()
        except Unavailable as missing:
            print(f"  without {contestant.name}: {missing}", file=sys.stderr)
        else:
            present.append(contestant)
    samples: dict[str, list[Sample]] = {contestant.name: [] for contestant in present}
    for _ in range(rounds):
        for contestant in present:
            samples[contestant.name].append(contestant.run())
    return samples


@dataclass(frozen=True)
class Spread:
    """The median of some values, and the lowest and highest."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        return cls(statistics.median(values), min(values), max(values))


def ratio(above: Sequence[float], below: Sequence[float]) -> Spread:
    """`above` / `below`, round by round."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


def fastest(samples: dict[str, list[Sample]]) -> str:
    """The name whose samples have the smallest median time."""
    return min(samples, key=lambda name: statistics.median(sample.seconds for sample in samples[name]))


def three_figures(value: float) -> str:
    """0.234, 18, 71,500: as tables have it."""
    return f"{float(f'{value:.3g}'):,g}"
