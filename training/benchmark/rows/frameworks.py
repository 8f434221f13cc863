"""Training compared with further libraries; those that are not installed are left out."""

from collections.abc import Iterator

from .. import jobs
from ..comparison import Row, Settings, against, turns


def frameworks(settings: Settings) -> Iterator[Row]:
    """Training `quick` compared with JAX, and with Keras on two of its backends."""
    name, threads = "quick", settings.threads
    samples = turns(
        settings,
        ("ours", "ours.training", (name, threads)),
        ("JAX", "jax_twin.training", (name, threads)),
        *((f"Keras on {backend}", "keras_twin.training", (name, threads, backend)) for backend in ("jax", "torch")),
    )
    images = jobs.STEPS[name] * jobs.BATCH
    for library in (name for name in samples if name != "ours"):
        one = {contestant: samples[contestant] for contestant in ("ours", library)}
        yield against(f"training `{name}`, against {library}, per image", one, images, None, faster=True)


def scikit_learn(settings: Settings) -> Iterator[Row]:
    """Ours against scikit-learn's multilayer perceptron, on a network that both can train."""
    samples = turns(
        settings,
        ("ours", "ours.training", ("fully connected", settings.threads)),
        *((f"MLPClassifier, threads: {n}", "scikit.training", (n,)) for n in settings.one_and_all),
    )
    images = jobs.STEPS["fully connected"] * jobs.BATCH
    yield against("training 784-100-10, fully connected, per image", samples, images, 1.0, faster=True)
