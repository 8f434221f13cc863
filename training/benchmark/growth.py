"""How the cost grows with the work: more pictures, larger batches, more channels."""

from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from .measure import Spread, ratio, three_figures
from .rows import Row, Settings, seconds, turns

IMAGES = (1_000, 4_000, 15_000, 60_000)
BATCHES = (32, 128, 512, 1024)
IMAGES_IN_BATCHES = 4_096
DEPTHS = (8, 16, 32, 64)

Curve = dict[int, list[float]]  # seconds in each round, per unit of work, by how much work there was


def growth(settings: Settings) -> Iterator[Row]:
    """The dearest unit of work where there is much of it, against where there is little: linear is 1."""
    curves = {
        "images learned": curve(settings, {n: ("learning", (n, 128, settings.threads), n) for n in IMAGES}),
        "images in a batch": curve(
            settings,
            {n: ("learning", (IMAGES_IN_BATCHES, n, settings.threads), IMAGES_IN_BATCHES) for n in BATCHES},
        ),
        "channels of a convolution": curve(settings, {n: ("convolution", (n,), 64 * n * n) for n in DEPTHS}),
    }
    settings.folder.mkdir(parents=True, exist_ok=True)
    plot(curves, settings.folder / "growth.png")
    for what, found in curves.items():
        least, most = min(found), max(found)
        cheap, dear = (f"{three_figures(1e6 * Spread.of(found[amount]).median)} µs" for amount in (least, most))
        unit = "a pair of channels and an image" if what.startswith("channels") else "an image"
        name = f"{least:,} → {most:,} {what}, {unit}"
        yield Row(name, dear, cheap, ratio(found[most], found[least]), 1.0, at_least=False)


def curve(settings: Settings, jobs: dict[int, tuple[str, tuple[int, ...], int]]) -> Curve:
    """The seconds of each unit of work; a job is a function of `ours`, its arguments, and how many units it does."""
    samples = turns(settings, *((str(n), f"ours.{make}", rest) for n, (make, rest, _) in jobs.items()))
    return {n: [each / units for each in seconds(samples[str(n)])] for n, (_, _, units) in jobs.items()}


def plot(curves: dict[str, Curve], path: Path) -> None:
    """A panel for each curve: its median, and from its lowest to its highest; a level line is linear growth."""
    figure = Figure((10, 3.2), layout="constrained")
    for axes, (what, found) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        spreads = [Spread.of([1e6 * each for each in values]) for values in found.values()]
        axes.fill_between(list(found), [each.lowest for each in spreads], [each.highest for each in spreads], alpha=0.2)
        axes.plot(list(found), [each.median for each in spreads], "o-")
        axes.set(xscale="log", xlabel=what, ylim=(0, None), xticks=list(found), xticklabels=[f"{n:,}" for n in found])
        axes.minorticks_off()
    figure.axes[0].set_ylabel("µs an image")
    figure.axes[-1].set_ylabel("µs a pair of channels and an image")
    figure.savefig(path, dpi=120)
