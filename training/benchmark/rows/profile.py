"""The profile of a training step by layer."""

import statistics
from collections.abc import Iterator

from ...parallel.network import LARGEST_SHARD
from .. import jobs
from ..comparison import Row, Settings, turns
from ..measure import Spread, three_figures


def profile(settings: Settings) -> Iterator[Row]:
    """The time of each layer's passes per image, on one thread, and its share of the time of all layers."""
    for name in ("article", "quick", "best"):
        network, _, _ = jobs.job(name)
        rounds = turns(settings, ("ours", "ours.passes", (name,)))["ours"]
        times = {key: statistics.median(each.facts[key] for each in rounds) for key in rounds[0].facts}
        total = sum(times.values())
        for i, layer in enumerate(network.layers):
            passes = [times[f"{i} {direction}"] for direction in ("forward", "backward")]
            forward, backward = (three_figures(1e6 * each / LARGEST_SHARD) for each in passes)
            yield Row(
                f"`{name}` {i}: {type(layer).__name__} → {layer.output_shape}",
                f"{forward} µs forward",
                f"{backward} µs backward",
                Spread.of([sum(passes) / total]),
                None,
                at_least=False,
                percent=True,
            )
