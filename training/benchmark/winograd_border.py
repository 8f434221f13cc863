"""From how many channels and positions on Winograd's algorithm is faster for a 3×3 convolution, with a figure."""

import statistics
import time
from collections.abc import Callable, Iterator

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from threadpoolctl import threadpool_limits

from model.conv_layer import ConvLayer, convolve
from model.winograd import Winograd

from .measure import Spread, three_figures
from .rows import Row, Settings

CHANNELS = (4, 8, 12, 16, 32, 64)
SIZES = ((64, 10), (64, 24), (1, 10), (1, 24))  # images, and height and width of the output


def winograd(settings: Settings) -> Iterator[Row]:
    """The direct algorithm's time over Winograd's, on one thread: for predictions, and for training on 64 images."""
    ratios: dict[str, list[float]] = {}
    with threadpool_limits(1, user_api="blas"):
        for samples, size in SIZES:
            for trained in (True, False) if samples > 1 else (False,):
                name = f"{'training' if trained else 'predicting'} {samples} × {size}×{size}"
                for channels in CHANNELS:
                    times = [
                        seconds(work, settings.rounds) for work in both_algorithms(samples, size + 2, channels, trained)
                    ]
                    found = times[0] / times[1]
                    ratios.setdefault(name, []).append(found)
                    direct, fast = (f"{three_figures(1e6 * duration / samples)} µs" for duration in times)
                    yield Row(f"{name}, {channels} channels", fast, f"{direct}, direct", Spread.of([found]), None, True)
    draw(ratios, settings)


def both_algorithms(
    samples: int, size: int, channels: int, trained: bool
) -> tuple[Callable[[], None], Callable[[], None]]:
    """A forward pass, if `trained` also a backward pass, with the direct algorithm and with Winograd's."""
    rng = np.random.default_rng(0)
    layer = ConvLayer((size, size, channels), (3, 3), channels, rng)
    weights, bias = layer.weights.astype(np.float32), layer.bias.astype(np.float32)
    layer.weights, layer.bias = weights, bias
    input = rng.random((samples, size, size, channels), dtype=np.float32)
    error = rng.random((samples, size - 2, size - 2, channels), dtype=np.float32)
    prepared = Winograd(weights, size, size)

    def direct() -> None:
        convolve(input, weights, bias)
        if trained:
            layer.input, layer.winograd = input, None
            layer.backward_propagation(error)

    def fast() -> None:
        if trained:
            algorithm = Winograd(weights, size, size)
            algorithm.convolve(input, bias, remember=True)
            algorithm.backward(error)
        else:
            prepared.convolve(input, bias)

    return direct, fast


def seconds(work: Callable[[], None], rounds: int) -> float:
    """The median time of a call over `rounds` rounds, each of as many calls as take a few milliseconds."""
    work()
    started = time.perf_counter()
    work()
    calls = max(1, round(0.005 / (time.perf_counter() - started)))
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            work()
        found.append((time.perf_counter() - started) / calls)
    return statistics.median(found)


def draw(ratios: dict[str, list[float]], settings: Settings) -> None:
    """Write `winograd.png`: one line for each kind of work, over the number of channels."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, found in ratios.items():
        axes.plot(CHANNELS, found, marker="o", label=name)
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set(xscale="log", xticks=CHANNELS, xlabel="channels in and out", ylabel="direct time / Winograd's time")
    axes.set_xticks(CHANNELS, [str(channels) for channels in CHANNELS])
    axes.minorticks_off()
    axes.legend(title="images × output")
    settings.folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(settings.folder / "winograd.png", dpi=150)
    plt.close(figure)
