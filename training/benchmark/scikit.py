"""scikit-learn's contestant in the benchmark: its multilayer perceptron, for the one network that it can train."""

from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from . import jobs
from .measure import Work


def training(threads: int) -> Work:
    """Training steps of the fully connected network, from its own initial weights."""
    threadpool_limits(threads, user_api="blas")
    _, images, targets = jobs.job("fully connected", jobs.BATCH * jobs.STEPS["fully connected"])
    pictures, labels = images.reshape(len(images), -1).astype("float32") / 255, targets.argmax(axis=1)
    network = MLPClassifier(
        (100,), batch_size=jobs.BATCH, learning_rate_init=jobs.LEARNING_RATE, alpha=0, shuffle=False, random_state=0
    )

    def work() -> dict[str, float]:
        network.partial_fit(pictures, labels, classes=range(10))  # one pass over the images
        return {"loss": network.loss_}

    return work
