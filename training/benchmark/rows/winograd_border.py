"""Winograd's convolution against the plain one: the measurement behind the rule that chooses between them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from model.conv_layer import ConvLayer, convolve
from model.winograd import FEWEST_CHANNELS, FEWEST_MULTIPLICATIONS, Winograd, pays

from ...parallel.freed_memory import keep_freed_memory
from ..comparison import Row, Settings
from ..measure import Spread, ratio, three_figures

CHANNELS = (4, 8, 16, 32, 64)
SIZES = (4, 8, 10, 14, 24)  # rows and columns of the output
KINDS = {"predicting one image": (1, False), "predicting 64 images": (64, False), "learning 64 images": (64, True)}


@dataclass(frozen=True)
class Point:
    """One convolution: its multiplications at each of the kernel's places, and the plain time divided by Winograd's."""

    size: int
    channels: int
    multiplications: int
    gain: Spread


def winograd(settings: Settings) -> Iterator[Row]:
    """The plain time divided by Winograd's, on one thread, and which of the two the rule chooses."""
    points: dict[str, list[Point]] = {}
    keep_freed_memory()
    with threadpool_limits(1, user_api="blas"):
        for kind, (samples, learned) in KINDS.items():
            for size in SIZES:
                for channels in CHANNELS:
                    plain, fast = times(both_ways(samples, size + 2, channels, learned), settings.rounds)
                    point = Point(size, channels, samples * size**2 * channels**2, ratio(plain, fast))
                    points.setdefault(kind, []).append(point)
                    input_shape = (samples, size + 2, size + 2, channels)
                    choice = "Winograd" if pays(input_shape, (3, 3, channels, channels)) else "plain"
                    theirs, ours = (
                        f"{three_figures(1e6 * Spread.of(each).median / samples)} µs" for each in (plain, fast)
                    )
                    name = f"{kind}, {channels} → {channels} on {size}×{size}, per image; the rule: {choice}"
                    yield Row(name, ours, f"{theirs}, plain", point.gain, None, at_least=True)
    settings.folder.mkdir(parents=True, exist_ok=True)
    draw(points, settings.folder / "winograd.png")


def both_ways(samples: int, size: int, channels: int, learned: bool) -> tuple[Callable[[], None], Callable[[], None]]:
    """A forward pass, or a forward and a backward pass, computed plainly and with Winograd's filtering."""
    rng = np.random.default_rng(0)
    layer = ConvLayer(kernel_shape=(3, 3), layer_depth=channels)
    layer.build((size, size, channels), rng, np.float32)
    input = rng.random((samples, size, size, channels), dtype=np.float32)
    error = rng.random((samples, size - 2, size - 2, channels), dtype=np.float32)
    prepared = Winograd(layer.weights, size, size)

    def plain() -> None:
        convolve(input, layer.weights, layer.bias)
        if learned:
            layer.input, layer.winograd = input, None
            layer.backward_propagation(error)

    def fast() -> None:
        winograd = Winograd(layer.weights, size, size) if learned else prepared
        winograd.convolve(input, layer.bias)
        if learned:
            winograd.backward(input, error)

    return plain, fast


def times(works: tuple[Callable[[], None], ...], rounds: int) -> list[list[float]]:
    """The seconds of a call of each in every round, in turns; a turn has as many calls as take some milliseconds."""
    calls: list[int] = []
    found: list[list[float]] = []
    for work in works:
        work()
        calls.append(max(1, round(0.005 / seconds(work, 1))))
        found.append([])
    for _ in range(rounds):
        for work, many, its in zip(works, calls, found, strict=True):
            its.append(seconds(work, many))
    return found


def seconds(work: Callable[[], None], calls: int) -> float:
    """Of one call."""
    started = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - started) / calls


def draw(points: dict[str, list[Point]], path: Path) -> None:
    """One panel per kind of work, one line per number of channels; the rule chooses Winograd right of the dashes."""
    figure = Figure((11, 3.6), layout="constrained")
    panels = figure.subplots(1, len(points), sharey=True)
    for axes, (kind, found) in zip(panels, points.items(), strict=True):
        for channels in CHANNELS:
            of_depth = [point for point in found if point.channels == channels]
            line = [point.multiplications for point in of_depth], [point.gain.median for point in of_depth]
            axes.plot(*line, "o-" if channels >= FEWEST_CHANNELS else "o:", label=f"{channels} → {channels} channels")
        axes.axhline(1, color="grey", linewidth=0.8)
        axes.axvline(FEWEST_MULTIPLICATIONS, color="grey", linestyle="--", linewidth=0.8)
        axes.set(xscale="log", yscale="log", title=kind, xlabel="multiplications at each place of the kernel")
        axes.set_yticks((0.5, 1, 2, 4), ("0.5", "1", "2", "4"))
        axes.minorticks_off()
    panels[0].set_ylabel("plain time / Winograd's time")
    panels[-1].legend(fontsize="small")
    figure.savefig(path, dpi=120)
