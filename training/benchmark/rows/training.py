"""Training compared with PyTorch: steps, memory, threads, and a whole run."""

from collections.abc import Iterator

from .. import jobs
from ..comparison import Row, Settings, against, seconds, turns
from ..measure import Sample, Spread, ratio, three_figures
from ..ours import operations

MEMORY = {"article": 0.35, "quick": 0.4, "best": 0.6}  # times PyTorch's, at most
THREADS = {"article": 1.3, "quick": 1.7, "best": 1.8}  # times as fast as one thread, at least


def training(settings: Settings) -> Iterator[Row]:
    """Whole training steps; also the share of the matrix peak, and the memory.

    The losses after three steps must agree, which shows that all contestants do the same work.
    """
    for name, least_memory in MEMORY.items():
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
        yield against(f"training `{name}`, per image", samples, images, 1.6, faster=True)
        if name == "best":
            yield share_of_peak(samples["ours"], peak, operations(jobs.job(name)[0]) * images)
        yield memory(name, samples, least_memory)


def share_of_peak(ours: list[Sample], peak: list[Sample], operations: int) -> Row:
    """The operations of a direct convolution per second of training, as a share of those in large matrix products."""
    rates = [operations / sample.seconds for sample in ours]
    peaks = [sample.facts["operations"] / sample.seconds for sample in peak]
    reached, possible = (f"{Spread.of(found).median / 1e9:.0f} GFLOP/s" for found in (rates, peaks))
    return Row(
        "the same, as a share of the matrix peak", reached, possible, ratio(rates, peaks), 0.85, True, percent=True
    )


def memory(name: str, samples: dict[str, list[Sample]], target: float) -> Row:
    """Our peak memory against that of the PyTorch mode with the lowest."""
    used = {contestant: found[-1].megabytes for contestant, found in samples.items()}
    ours = used.pop("ours")
    least = min(used, key=lambda contestant: used[contestant]) if used else None
    share = Spread.of([ours / used[least]]) if least else None
    theirs = f"{used[least]:.0f} MB, {least}" if least else "not measured"
    return Row(f"memory while training `{name}`", f"{ours:.0f} MB", theirs, share, target, False)


def threads(settings: Settings) -> Iterator[Row]:
    """Ours with all threads against ours with one."""
    for name, target in THREADS.items():
        samples = turns(
            settings,
            ("ours", "ours.training", (name, settings.threads)),
            ("one thread", "ours.training", (name, 1)),
        )
        images = jobs.STEPS[name] * jobs.BATCH
        row = f"training `{name}`, {settings.threads} threads against one"
        yield against(row, samples, images, target, faster=True)


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
    yield Row(f"{name}, seconds", summary("ours"), "", Spread.of(ours), 12, at_least=False)
    if "PyTorch" in samples:
        share = ratio(ours, seconds(samples["PyTorch"]))
        yield Row(f"{name}, time", summary("ours"), summary("PyTorch"), share, 0.6, at_least=False)
