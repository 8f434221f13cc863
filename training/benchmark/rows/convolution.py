"""A single convolution, the layer that takes most of the time."""

from collections.abc import Iterator

from .. import jobs
from ..comparison import Row, Settings, against, turns


def convolution(settings: Settings) -> Iterator[Row]:
    """A 3×3 convolution 64 → 64 of 10×10, as in `best`: forward and all three gradients, on one thread."""
    depth, size = 64, 10
    samples = turns(
        settings,
        ("ours", "ours.convolution", (depth, size)),
        *((mode, "pytorch.convolution", (depth, size, mode)) for mode in ("eager", "channels_last")),
    )
    name = f"convolution {depth} → {depth} of {size}×{size} alone, one thread, per image"
    yield against(name, samples, jobs.CONVOLVED, None, faster=True)
