"""Measures contestants in turns: each has its own process, and only one of them works at a time.

The speed of a machine drifts, on shared machines a lot. Contestants that take turns drift together, so ratios within a
round are reliable, single times are not.
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

Work = Callable[[], dict[str, float]]  # does a piece of work; returns facts about it

PROCESS = ExitStack()  # resources of a contestant's process, closed at its end


class Unavailable(RuntimeError):
    """A contestant cannot be measured, for example because a library is not installed."""


@dataclass(frozen=True)
class Sample:
    """One run: its duration, the peak memory of its process so far, and the facts that the work returned."""

    seconds: float
    megabytes: float
    facts: dict[str, float]


class Contestant:
    """Work that is set up once in a new process, and then run repeatedly.

    Args:
        name: the contestant's name in tables.
        make: a module of this package and a function in it, such as "pytorch.training". It is called in the new process
            with `arguments` and returns the work. It is given by name, so that the parent need not import PyTorch.
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
        """Run the work once.

        Raises:
            Unavailable: the work cannot be set up here.
            RuntimeError: its process has died.
        """
        try:
            self.connection.send(None)
            answer = self.connection.recv()
        except (EOFError, OSError):
            raise RuntimeError(f"{self.name} has died: see its output for the reason") from None
        if isinstance(answer, Exception):
            raise answer
        return Sample(*answer)


def serve(connection: Connection, make: str, arguments: tuple[Any, ...]) -> None:
    """The loop of a contestant's process; it ends when the parent closes the connection."""
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
    """The peak memory of this process and of each of its child processes, added up, in megabytes.

    On Linux `ru_maxrss` includes the parent's memory, even for a new process; /proc has the process's own peak.
    On other systems child processes are not counted.
    """
    me, peaks = str(os.getpid()), []
    for file in Path("/proc").glob("[0-9]*/status"):
        with suppress(OSError):  # the process has just ended
            status = dict(line.split(":", 1) for line in file.read_text().splitlines())
            if me in (status["Pid"].strip(), status["PPid"].strip()) and "VmHWM" in status:
                peaks.append(int(status["VmHWM"].removesuffix("kB")) / 1e3)
    if peaks:
        return sum(peaks)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)  # bytes on macOS, kilobytes elsewhere


def in_turns(contestants: Sequence[Contestant], rounds: int) -> dict[str, list[Sample]]:
    """The samples of each contestant, by name, from `rounds` rounds after a warm-up round.

    Contestants that are unavailable are left out.
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
    """The median, lowest and highest of some values."""

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
    """The value with three significant figures: 0.234, 18, 71,500."""
    return f"{float(f'{value:.3g}'):,g}"
