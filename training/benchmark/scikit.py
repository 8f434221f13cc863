"""scikit-learn's side of the benchmark: its multilayer perceptron, where it can do the same job."""

from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from . import jobs
from .measure import Work


def training(threads: int) -> Work:
    """Training steps of the fully connected network; each starts from first weights of its own."""
    threadpool_limits(threads, user_api="blas")
    _, images, targets = jobs.job("fully connected", jobs.BATCH * jobs.STEPS["fully connected"])
    pictures, labels = images.reshape(len(images), -1).astype("float32") / 255, targets.argmax(axis=1)
    network = MLPClassifier(
        (100,), batch_size=jobs.BATCH, learning_rate_init=jobs.LEARNING_RATE, alpha=0, shuffle=False, random_state=0
    )

    def work() -> dict[str, float]:
        network.partial_fit(pictures, labels, classes=range(10))  # once through the pictures
        return {"loss": network.loss_}

    return work
