"""The measurements: each row compares contestants, and the result with a target."""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.weights import save_network

from ..parallel.network import LARGEST_SHARD
from . import jobs
from .measure import Contestant, Sample, Spread, fastest, in_turns, ratio, three_figures
from .ours import operations

MODES = ("eager", "channels_last", "compile", "compile, channels_last")


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


Specification = tuple[str, str, tuple[Any, ...]]  # the arguments of a Contestant: name, make, arguments


def turns(settings: Settings, *specifications: Specification) -> dict[str, list[Sample]]:
    with ExitStack() as stack:
        contestants = [stack.enter_context(Contestant(name, make, *rest)) for name, make, rest in specifications]
        samples = in_turns(contestants, settings.rounds)
    checksums = {name: found[0].facts["checksum"] for name, found in samples.items() if "checksum" in found[0].facts}
    values = checksums.values()
    if values and max(values) - min(values) > 1e-3 * max(map(abs, values)):
        raise DifferentWork(f"the results differ, so the contestants did different work: {checksums}")
    return samples


def seconds(samples: list[Sample]) -> list[float]:
    return [sample.seconds for sample in samples]


def against(
    name: str, samples: dict[str, list[Sample]], images: int, target: float | None, faster: bool, unit: str = "µs"
) -> Row:
    """Ours against the fastest of the others, per image; as a ratio of speeds if `faster`, else as a ratio of times."""
    scale = {"µs": 1e6, "ms": 1e3}[unit] / images
    others = {other: found for other, found in samples.items() if other != "ours"}
    ours = seconds(samples["ours"])
    if not others:
        return Row(
            name, f"{three_figures(scale * Spread.of(ours).median)} {unit}", "not measured", None, target, faster
        )
    best = fastest(others)
    theirs = seconds(others[best])
    return Row(
        name,
        f"{three_figures(scale * Spread.of(ours).median)} {unit}",
        f"{three_figures(scale * Spread.of(theirs).median)} {unit}, {best}",
        ratio(theirs, ours) if faster else ratio(ours, theirs),
        target,
        faster,
    )


def training(settings: Settings) -> Iterator[Row]:
    """Whole training steps; also the share of the matrix peak, and the memory.

    The losses after three steps must agree, which shows that all contestants do the same work.
    """
    for name, target in (("article", 1.6), ("quick", 1.6), ("best", 1.2)):
        samples = turns(
            settings,
            ("ours", "ours.training", (name, settings.threads)),
            ("peak", "ours.matrix_peak", ()),
            *((mode, "pytorch.training", (name, settings.threads, mode)) for mode in settings.modes),
        )
        peak = samples.pop("peak")
        losses = {contestant: found[-1].facts for contestant, found in samples.items()}
        texts = (f"{contestant} {loss['checksum']:.4f} → {loss['loss']:.4f}" for contestant, loss in losses.items())
        print(f"  losses of {name}, after three steps → at the end: {'; '.join(texts)}")
        images = jobs.STEPS[name] * jobs.BATCH
        yield against(f"training `{name}`, per image", samples, images, target, faster=True)
        if name == "best":
            work = operations(jobs.job(name)[0]) * images
            rates = [work / sample.seconds for sample in samples["ours"]]
            peaks = [sample.facts["operations"] / sample.seconds for sample in peak]
            reached, possible = (f"{Spread.of(found).median / 1e9:.0f} GFLOP/s" for found in (rates, peaks))
            share_of_peak = ratio(rates, peaks)
            yield Row(
                "the same, as a share of the matrix peak", reached, possible, share_of_peak, 0.55, True, percent=True
            )
        used = {contestant: found[-1].megabytes for contestant, found in samples.items()}
        ours = used.pop("ours")
        least = min(used, key=lambda contestant: used[contestant]) if used else None
        share = Spread.of([ours / used[least]]) if least else None
        theirs = f"{used[least]:.0f} MB, {least}" if least else "not measured"
        yield Row(f"memory while training `{name}`", f"{ours:.0f} MB", theirs, share, 0.5, False)


def profile(settings: Settings) -> Iterator[Row]:
    """A profile of a training step: each layer's time per image, on one thread, and its share of the total."""
    for name in ("article", "quick", "best"):
        network, _, _ = jobs.job(name)
        rounds = turns(settings, ("ours", "ours.passes", (name,)))["ours"]
        times = {pass_: statistics.median(sample.facts[pass_] for sample in rounds) for pass_ in rounds[0].facts}
        total = sum(times.values())
        for i, layer in enumerate(network.layers):
            passes = [times[f"{i} {direction}"] for direction in ("forward", "backward")]
            forward, backward = (three_figures(1e6 * duration / LARGEST_SHARD) for duration in passes)
            yield Row(
                f"`{name}` {i}: {type(layer).__name__} → {layer.output_shape}",
                f"{forward} µs forward",
                f"{backward} µs backward",
                Spread.of([sum(passes) / total]),
                None,
                at_least=False,
                percent=True,
            )


def scikit_learn(settings: Settings) -> Iterator[Row]:
    """Ours against scikit-learn's multilayer perceptron, on a network that both can train."""
    samples = turns(
        settings,
        ("ours", "ours.training", ("fully connected", settings.threads)),
        *((f"MLPClassifier, threads: {n}", "scikit.training", (n,)) for n in sorted({1, settings.threads})),
    )
    images = jobs.STEPS["fully connected"] * jobs.BATCH
    yield against("training 784-100-10, fully connected, per image", samples, images, None, faster=True)


def sprint(settings: Settings) -> Iterator[Row]:
    """From the start of a process to a validation accuracy of 99 % on MNIST; each round has another seed."""
    threads = settings.threads
    samples = turns(settings, ("ours", "ours.sprint", (threads,)), ("PyTorch", "pytorch.sprint", (threads,)))
    if "ours" not in samples:
        return

    def summary(name: str) -> str:
        times = Spread.of(seconds(samples[name]))
        accuracy = Spread.of([100 * sample.facts["validation_accuracy"] for sample in samples[name]])
        return f"{times.median:.1f} s to {accuracy.median:.2f} % ({accuracy.lowest:.2f}–{accuracy.highest:.2f})"

    name = "from a process's start to 99 % validation accuracy"
    ours = seconds(samples["ours"])
    yield Row(f"{name}, seconds", summary("ours"), "", Spread.of(ours), 15, at_least=False)
    if "PyTorch" in samples:
        share = ratio(ours, seconds(samples["PyTorch"]))
        yield Row(f"{name}, time", summary("ours"), summary("PyTorch"), share, 0.8, at_least=False)


def one_image(settings: Settings) -> Iterator[Row]:
    """From one uint8 image to probabilities, in a warm process."""
    for name in ("quick", "best"):
        for mode, target in (("eager", 0.6), ("TorchScript", 1.0)):
            samples = turns(
                settings,
                ("ours", "ours.predicting_one", (name,)),
                *(
                    (f"{mode}, threads: {threads}", "pytorch.predicting_one", (name, threads, mode))
                    for threads in sorted({1, settings.threads})
                ),
            )
            yield against(f"one image, `{name}`, against {mode}", samples, 100, target, faster=False, unit="ms")


def many_images(settings: Settings) -> Iterator[Row]:
    """From 10,000 uint8 images to outputs."""
    for name in ("quick", "best"):
        samples = turns(
            settings,
            ("ours", "ours.predicting_many", (name, 10_000, settings.threads)),
            *(
                (mode, "pytorch.predicting_many", (name, 10_000, settings.threads, mode))
                for mode in ("eager", "channels_last")
            ),
        )
        yield against(f"10,000 images, `{name}`, per image", samples, 10_000, 1.0, faster=True)


def start(settings: Settings) -> Iterator[Row]:
    """A new process up to its first prediction."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "quick.npz"
        save_network(weights, jobs.job("quick")[0])
        samples = turns(
            settings,
            ("ours", "ours.from_nothing", (weights,)),
            ("eager", "pytorch.from_nothing", (Path(folder),)),
        )
        yield against("new process to first prediction", samples, 3, 0.15, faster=False, unit="ms")


def threads(settings: Settings) -> Iterator[Row]:
    """Ours with all threads against ours with one."""
    for name in ("article", "quick", "best"):
        samples = turns(
            settings,
            ("ours", "ours.training", (name, settings.threads)),
            ("one thread", "ours.training", (name, 1)),
        )
        images = jobs.STEPS[name] * jobs.BATCH
        yield against(f"training `{name}`, {settings.threads} threads against one", samples, images, 1.7, faster=True)


def augmentation(settings: Settings) -> Iterator[Row]:
    """The time that augmentation adds to a step of `quick`, prepared in the background as in a run."""
    samples = turns(
        settings,
        ("with", "ours.training_from_data", (True, settings.threads)),
        ("without", "ours.training_from_data", (False, settings.threads)),
    )
    images = 128 * jobs.BATCH
    per_image = {name: Spread.of(seconds(found)).median / images * 1e6 for name, found in samples.items()}
    added = Spread.of([a / b - 1 for a, b in zip(seconds(samples["with"]), seconds(samples["without"]), strict=True)])
    with_it, without = (f"{three_figures(per_image[name])} µs {name}" for name in ("with", "without"))
    yield Row("augmentation, as a share of a step of `quick`", with_it, without, added, 0.1, False, percent=True)


def article_algorithm(settings: Settings) -> Iterator[Row]:
    """Ours against the article's algorithm: one sample at a time, one call of scipy for each pair of channels."""
    network = ("ours.training", ("article", settings.threads)), jobs.STEPS["article"] * jobs.BATCH
    convolution = ("article_algorithm.convolution_of_ours", ()), 2 * 64
    for name, (ours, our_images), theirs, their_images, target in (
        ("article network", network, "training_article", 100, 20.0),
        ("convolution 32 → 32", convolution, "convolution_of_the_article", 1, 100.0),
    ):
        samples = turns(settings, ("ours", *ours), ("the article's", f"article_algorithm.{theirs}", ()))
        images = {"ours": our_images, "the article's": their_images}
        per_image = {who: [sample.seconds / images[who] for sample in found] for who, found in samples.items()}
        mine, its = (f"{three_figures(1e6 * Spread.of(per_image[who]).median)} µs" for who in images)
        speed = ratio(per_image["the article's"], per_image["ours"])
        yield Row(f"the {name}, per image", mine, its, speed, target, True)


ROWS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "training": training,
    "profile": profile,
    "scikit-learn": scikit_learn,
    "one-image": one_image,
    "many-images": many_images,
    "start": start,
    "threads": threads,
    "augmentation": augmentation,
    "sprint": sprint,
    "article": article_algorithm,
}
