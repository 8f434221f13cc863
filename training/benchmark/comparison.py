"""Compares contestants: they do the same work in turns, and the result is a row of the table."""

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .measure import Contestant, Sample, Spread, fastest, in_turns, ratio, three_figures

MODES = ("eager", "channels_last", "compile", "compile, channels_last")

# The largest relative differences between results of the same work. Rounding depends on the order of a sum, and Adam's
# first steps are as long for a gradient that is only a rounding error as for any other: PyTorch's own layouts differ by
# 1e-3 after three steps of `best`. So ours must agree closely with the nearest contestant, and roughly with all.
NEAREST, FARTHEST = 1e-3, 1e-2


class DifferentWork(RuntimeError):
    """Two contestants did different work, so their times cannot be compared."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        measured: the ratio or share to compare with the target; None if there was nothing to compare with.
        at_least: whether higher is better.
    """

    name: str
    ours: str
    theirs: str
    measured: Spread | None
    target: float | None
    at_least: bool
    percent: bool = False

    @property
    def met(self) -> bool | None:
        if self.measured is None or self.target is None:
            return None
        return self.measured.median >= self.target if self.at_least else self.measured.median <= self.target


@dataclass(frozen=True)
class Settings:
    """The number of rounds and of threads, and PyTorch's modes."""

    rounds: int
    threads: int
    modes: tuple[str, ...] = MODES
    folder: Path = Path()  # for plots

    @property
    def one_and_all(self) -> list[int]:
        """One thread and all threads."""
        return sorted({1, self.threads})


Specification = tuple[str, str, tuple[Any, ...]]  # the arguments of a Contestant: name, make, arguments


def turns(settings: Settings, *specifications: Specification) -> dict[str, list[Sample]]:
    """The samples of each available contestant, by name.

    Raises:
        DifferentWork: their results differ.
    """
    with ExitStack() as stack:
        contestants = [stack.enter_context(Contestant(name, make, *rest)) for name, make, rest in specifications]
        samples = in_turns(contestants, settings.rounds)
    checksums = {name: found[0].facts["checksum"] for name, found in samples.items() if "checksum" in found[0].facts}
    if "ours" in checksums and len(checksums) > 1:
        check_same_work(checksums)
    return samples


def check_same_work(checksums: Mapping[str, float]) -> None:
    """Compare our result with everyone else's, and print how far the others differ among themselves.

    Raises:
        DifferentWork: nobody is within `NEAREST` of ours, or somebody is not within `FARTHEST`.
    """
    ours = checksums["ours"]
    others = {name: checksum for name, checksum in checksums.items() if name != "ours"}
    scale = max(map(abs, checksums.values()))
    differences = {name: abs(checksum - ours) / scale for name, checksum in others.items()}
    spread = (max(others.values()) - min(others.values())) / scale
    nearest = min(differences, key=lambda name: differences[name])
    among = f"; the others differ by up to {spread:.0e}" if len(others) > 1 else ""
    print(f"  results: ours and {nearest} differ by {differences[nearest]:.0e}{among}", file=sys.stderr)
    if not (differences[nearest] <= NEAREST and all(difference <= FARTHEST for difference in differences.values())):
        raise DifferentWork(f"the results differ, so the contestants did different work: {dict(checksums)}")


def seconds(samples: list[Sample]) -> list[float]:
    return [sample.seconds for sample in samples]


def against(
    name: str, samples: dict[str, list[Sample]], images: int, target: float | None, faster: bool, unit: str = "µs"
) -> Row:
    """Ours against the fastest of the others, per image; as a ratio of speeds if `faster`, else as a ratio of times."""
    scale = {"µs": 1e6, "ms": 1e3}[unit] / images

    def time(contestant: str) -> str:
        return f"{three_figures(scale * Spread.of(seconds(samples[contestant])).median)} {unit}"

    others = {other: found for other, found in samples.items() if other != "ours"}
    if not others:
        return Row(name, time("ours"), "not measured", None, target, faster)
    best = fastest(others)
    ours, theirs = seconds(samples["ours"]), seconds(others[best])
    measured = ratio(theirs, ours) if faster else ratio(ours, theirs)
    return Row(name, time("ours"), f"{time(best)}, {best}", measured, target, faster)
