"""How the cost grows with the amount of work: more images, larger batches, more channels."""

from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from .. import jobs
from ..comparison import Row, Settings, seconds, turns
from ..measure import Spread, ratio, three_figures

IMAGES = (1_000, 4_000, 15_000, 60_000)
BATCHES = (32, 128, 512, 1024)
IMAGES_IN_BATCHES = 4_096
DEPTHS = (8, 16, 32, 64)

Curve = dict[int, list[float]]  # seconds per unit of work in each round, by the amount of work


def growth(settings: Settings) -> Iterator[Row]:
    """The unit cost at the largest size over that at the smallest; 1 is linear."""
    curves = {
        "images learned": curve(settings, {n: ("learning", (n, 128, settings.threads), n) for n in IMAGES}),
        "images in a batch": curve(
            settings,
            {n: ("learning", (IMAGES_IN_BATCHES, n, settings.threads), IMAGES_IN_BATCHES) for n in BATCHES},
        ),
        "channels of a convolution": curve(
            settings, {n: ("convolution", (n, 26), jobs.CONVOLVED * n * n) for n in DEPTHS}
        ),
    }
    settings.folder.mkdir(parents=True, exist_ok=True)
    plot(curves, settings.folder / "growth.png")
    for quantity, costs in curves.items():
        smallest, largest = min(costs), max(costs)
        low, high = (f"{three_figures(1e6 * Spread.of(costs[size]).median)} µs" for size in (smallest, largest))
        unit = "per pair of channels and image" if quantity.startswith("channels") else "per image"
        name = f"{smallest:,} → {largest:,} {quantity}, {unit}"
        yield Row(name, high, low, ratio(costs[largest], costs[smallest]), 1.0, at_least=False)


def curve(settings: Settings, works: dict[int, tuple[str, tuple[int, ...], int]]) -> Curve:
    """The seconds per unit of work; a work is a function of `ours`, its arguments, and its number of units."""
    samples = turns(settings, *((str(n), f"ours.{make}", rest) for n, (make, rest, _) in works.items()))
    return {n: [duration / units for duration in seconds(samples[str(n)])] for n, (_, _, units) in works.items()}


def plot(curves: dict[str, Curve], path: Path) -> None:
    """One panel per curve, with median, lowest and highest value; a horizontal line is linear growth."""
    figure = Figure((10, 3.2), layout="constrained")
    for axes, (quantity, costs) in zip(figure.subplots(1, len(curves)), curves.items(), strict=True):
        sizes, labels = list(costs), [f"{size:,}" for size in costs]
        spreads = [Spread.of([1e6 * cost for cost in values]) for values in costs.values()]
        axes.fill_between(sizes, [cost.lowest for cost in spreads], [cost.highest for cost in spreads], alpha=0.2)
        axes.plot(sizes, [cost.median for cost in spreads], "o-")
        axes.set(xscale="log", xlabel=quantity, ylim=(0, None), xticks=sizes, xticklabels=labels)
        axes.minorticks_off()
    figure.axes[0].set_ylabel("µs per image")
    figure.axes[-1].set_ylabel("µs per pair of channels and image")
    figure.savefig(path, dpi=120)
