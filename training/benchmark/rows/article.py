"""A comparison with the article's algorithm, which has neither batches nor matrix products for convolutions."""

from collections.abc import Iterator

from .. import jobs
from ..comparison import Row, Settings, turns
from ..measure import Spread, ratio, three_figures


def article_algorithm(settings: Settings) -> Iterator[Row]:
    """Ours against the article's algorithm: one sample at a time, one call of scipy for each pair of channels."""
    network = ("ours.training", ("article", settings.threads)), jobs.STEPS["article"] * jobs.BATCH
    convolution = ("ours.convolution", (32, 26)), jobs.CONVOLVED
    for name, (ours, our_images), theirs, their_images, target in (
        ("article network", network, "training_article", 100, 20.0),
        ("convolution 32 → 32", convolution, "convolution", 1, 100.0),
    ):
        samples = turns(settings, ("ours", *ours), ("the article's", f"article_algorithm.{theirs}", ()))
        images = {"ours": our_images, "the article's": their_images}
        per_image = {who: [sample.seconds / images[who] for sample in found] for who, found in samples.items()}
        mine, its = (f"{three_figures(1e6 * Spread.of(per_image[who]).median)} µs" for who in images)
        speed = ratio(per_image["the article's"], per_image["ours"])
        yield Row(f"the {name}, per image", mine, its, speed, target, True)
