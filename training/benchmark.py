"""`python -m training.benchmark`: how fast the named networks train and predict on this machine."""

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np

from model.architectures import ARCHITECTURES, build_network
from model.classifier import DigitClassifier
from model.losses import LOSSES

from .command_line import Parser, positive
from .optimizers import OPTIMIZERS
from .parallel import ParallelNetwork, usable_cores
from .recipes import RECIPES

REPEATS = 7


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = Parser(prog="python -m training.benchmark", description="Measure how fast the networks train and predict.")
    parser.add_argument(
        "--steps", type=positive, default=30, help="training steps in each measurement, default: %(default)s"
    )
    options = parser.parse_args(arguments)
    print(f"{REPEATS} measurements each: median, and the lowest and highest; {usable_cores()} threads\n")
    print(f"{'network':10} {'training, images a second':36} {'one image, ms':26} {'10,000 images, s':20}")
    for name in ARCHITECTURES:
        rng = np.random.default_rng(0)
        classifier = DigitClassifier(build_network(name, rng))
        images = rng.integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
        one = repeated(lambda: classifier.predict(images[:1]))  # noqa: B023 - called before the next name
        all_images = repeated(lambda: classifier.predict(images))  # noqa: B023
        rates, milliseconds = training_rates(name, options.steps), [1e3 * seconds for seconds in one]
        print(f"{name:10} {spread(rates, '.0f'):36} {spread(milliseconds, '.2f'):26} {spread(all_images, '.2f')}")
    return 0


def training_rates(name: str, steps: int) -> list[float]:
    """Images a second of whole training steps, without augmentation, for the recipe of that name."""
    recipe = RECIPES[name]
    rng = np.random.default_rng(0)
    network = build_network(recipe.architecture, rng)
    network.use(*LOSSES[recipe.loss])
    optimizer = OPTIMIZERS[recipe.optimizer]()
    images = rng.integers(0, 256, (recipe.batch_size, 28, 28), dtype=np.uint8)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, recipe.batch_size)]
    with ParallelNetwork(network, usable_cores()) as parallel:

        def train() -> None:
            for step in range(steps):
                parallel.learn(images, targets, [0, step])
                optimizer.step(network.parameters(), parallel.gradients, recipe.learning_rate)

        return [steps * recipe.batch_size / seconds for seconds in repeated(train)]


def repeated(work: Callable[[], object]) -> list[float]:
    """The seconds that each of `REPEATS` calls takes, after one that does not count."""
    work()
    seconds = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return seconds


def spread(values: list[float], form: str) -> str:
    """Median, lowest and highest."""
    return f"{statistics.median(values):{form}}  ({min(values):{form}} to {max(values):{form}})"


if __name__ == "__main__":
    sys.exit(main())
