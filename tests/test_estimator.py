"""The network as a scikit-learn classifier: all of scikit-learn's checks, and its tools at work."""

import pickle
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from data.datasets import Dataset
from model import (
    ActivationLayer,
    BatchNormalizationLayer,
    ConvLayer,
    DropoutLayer,
    FCLayer,
    FlattenLayer,
    Layer,
    load_network,
    save_network,
)
from model.classifier import DigitClassifier
from training.estimator import NetworkClassifier
from training.examples.augmentation import Distortion
from training.optimizers import Adam
from training.schedules import one_cycle

Data = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]


def small(**settings: Any) -> NetworkClassifier:
    return NetworkClassifier(**{"epochs": 3, "random_state": 0, **settings})


def convolution() -> list[Layer]:
    return [
        ConvLayer(kernel_shape=(3, 3), layer_depth=8),
        BatchNormalizationLayer(),
        ActivationLayer(),
        FlattenLayer(),
        DropoutLayer(rate=0.2),
        FCLayer(output_shape=(10,)),
    ]


@pytest.fixture(scope="module")
def data() -> Data:
    """Training features, test features, training labels, test labels."""
    return train_test_split(*load_digits(return_X_y=True), random_state=0)


@parametrize_with_checks([NetworkClassifier()])
def test_scikit_learn_is_content(estimator: NetworkClassifier, check: Any) -> None:
    check(estimator)


@pytest.mark.slow
def test_it_reads_as_well_as_scikit_learns_own_network() -> None:
    features, labels = load_digits(return_X_y=True)
    with threadpool_limits(1):  # on small matrices a busy machine's threads wait for each other
        ours = cross_val_score(NetworkClassifier(random_state=0), features, labels)
        theirs = cross_val_score(MLPClassifier(random_state=0), features, labels)
    assert ours.mean() > theirs.mean() - 0.005


def test_labels_may_be_anything(data: Data) -> None:
    x, x_test, y, y_test = data
    numbers = small().fit(x, y)
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
    words = small().fit(x, names[y])
    assert words.classes_.tolist() == sorted(names)
    assert set(words.predict(x_test)) <= set(names)
    assert words.score(x_test, names[y_test]) > 0.9
    assert small().fit(x, y * 10 - 5).predict(x_test).tolist() == (numbers.predict(x_test) * 10 - 5).tolist()
    even = small().fit(x, y % 2 == 0)
    assert even.classes_.tolist() == [False, True]
    assert even.predict_proba(x_test).shape == (len(x_test), 2)


def test_the_same_random_state_gives_the_same_network(data: Data) -> None:
    x, x_test, y, _ = data
    first, second, other = (small(random_state=state).fit(x, y).predict_proba(x_test) for state in (0, 0, 1))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("architecture", [None, [FlattenLayer(), FCLayer(output_shape=(10,))]])
def test_pictures_and_flat_rows_are_the_same(data: Data, architecture: Any) -> None:
    x, x_test, y, _ = data
    flat = small(architecture=architecture).fit(x, y)
    pictures = small(architecture=architecture).fit(x.reshape(-1, 8, 8), y)
    assert flat.n_features_in_ == pictures.n_features_in_ == 64
    assert np.array_equal(flat.predict_proba(x_test), pictures.predict_proba(x_test))
    assert np.array_equal(flat.predict_proba(x_test), flat.predict_proba(x_test.reshape(-1, 8, 8, 1)))


def test_bytes_are_pixels(data: Data) -> None:
    x, x_test, y, _ = data
    pixels, pixels_test = (x * 15).astype(np.uint8), (x_test * 15).astype(np.uint8)
    of_bytes = small().fit(pixels, y).predict_proba(pixels_test)
    of_numbers = small().fit((pixels / 255).astype(np.float32), y).predict_proba((pixels_test / 255).astype(np.float32))
    np.testing.assert_allclose(of_bytes, of_numbers, atol=1e-4)


@pytest.mark.parametrize(("dtype", "computed_in"), [("f8", "f8"), ("f4", "f4"), ("u1", "f4"), ("i8", "f8")])
def test_it_computes_in_what_the_samples_are(data: Data, dtype: str, computed_in: str) -> None:
    x, x_test, y, _ = data
    fitted = small(epochs=1).fit(x.astype(dtype), y)
    assert {array.dtype for array in fitted.network_.arrays().values()} == {np.dtype(computed_in)}
    assert fitted.predict_proba(x_test.astype(dtype)).dtype == computed_in


def test_a_list_of_layers_is_learned_and_not_changed(data: Data) -> None:
    x, x_test, y, y_test = data
    layers = convolution()
    fitted = small(architecture=layers, epochs=5).fit(x.reshape(-1, 8, 8), y)
    assert fitted.score(x_test, y_test) > 0.95
    assert all(layer.input_shape is None for layer in layers)
    assert fitted.architecture is layers
    layers[0] = ConvLayer((8, 8, 1), (3, 3), 8)  # which brings flat rows into its shape
    assert small(architecture=layers, epochs=5).fit(x, y).score(x_test, y_test) > 0.95


def test_a_named_architecture_becomes_a_digit_classifier(digits: Dataset, tmp_path: Path) -> None:
    x, y = digits.train_images[:1000], digits.train_labels[:1000]
    distortion = Distortion(rotation=5, scale=0.05, shear=0.05, shift=1)
    fitted = NetworkClassifier("tiny", epochs=6, augmentation=distortion, random_state=0).fit(x, y)
    assert fitted.score(digits.test_images, digits.test_labels) > 0.9
    save_network(tmp_path / "mine.npz", fitted.network_)
    read = DigitClassifier(*load_network(tmp_path / "mine.npz"))
    np.testing.assert_allclose(
        read.predict_proba(digits.test_images), fitted.predict_proba(digits.test_images), atol=1e-5
    )


def test_pipelines_grid_searches_and_clones(data: Data) -> None:
    x, x_test, y, y_test = data
    pipeline = make_pipeline(StandardScaler(), small())
    assert pipeline.fit(x, y).score(x_test, y_test) > 0.9
    assert cross_val_score(pipeline, x[:300], y[:300], cv=2).min() > 0.6
    wide = [FlattenLayer(), FCLayer(output_shape=(200,)), ActivationLayer(), FCLayer(output_shape=(10,))]
    grid = {"architecture": [None, wide], "learning_rate": [1e-6, 0.01]}
    search = GridSearchCV(small(), grid, cv=2, n_jobs=2).fit(x[:400], y[:400])
    assert search.best_params_["learning_rate"] == 0.01
    assert search.score(x_test, y_test) > 0.8
    again = clone(search.best_estimator_)
    assert not hasattr(again, "network_")
    assert np.array_equal(again.fit(x[:400], y[:400]).predict(x_test), search.predict(x_test))


def test_what_was_learned_can_be_kept(data: Data) -> None:
    x, x_test, y, _ = data
    fitted = small(architecture=convolution()).fit(x.reshape(-1, 8, 8), y)
    file = BytesIO()
    joblib.dump(fitted, file)
    file.seek(0)
    for again in (pickle.loads(pickle.dumps(fitted)), joblib.load(file)):
        assert np.array_equal(again.predict_proba(x_test), fitted.predict_proba(x_test))
        again.partial_fit(x.reshape(-1, 8, 8), y)


def test_by_default_no_other_process_is_started(data: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess.Popen, "__init__", refuse)
    monkeypatch.setattr("multiprocessing.process.BaseProcess.start", refuse)
    small().fit(data[0], data[2])
    with pytest.raises(AssertionError, match="a process was started"):
        small(n_threads=2).fit(data[0], data[2])


def test_several_threads_learn_as_well(data: Data) -> None:
    x, x_test, y, y_test = data
    one, two = (small(n_threads=threads, epochs=2).fit(x, y) for threads in (1, 2))
    np.testing.assert_allclose(one.loss_curve_, two.loss_curve_, rtol=1e-6)  # sums in another order
    assert two.score(x_test, y_test) > 0.9


def test_learning_goes_on(data: Data) -> None:
    x, x_test, y, y_test = data
    learner = small()
    learner.partial_fit(x[:600], y[:600], classes=range(10))
    for _ in range(8):
        learner.partial_fit(x[600:], y[600:])
    assert len(learner.loss_curve_) == 9
    assert learner.loss_curve_[-1] < learner.loss_curve_[0] / 4
    assert learner.score(x_test, y_test) > 0.9
    after_fit = small().fit(x, y)
    loss = after_fit.loss_curve_[-1]
    assert after_fit.partial_fit(x, y).loss_curve_[-1] < loss


def test_the_rate_changes_with_every_step_of_fit_and_is_a_tenth_in_partial_fit(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    monkeypatch.setattr(Adam, "step", lambda self, parameters, gradients, rate: rates.append(rate))
    x, y = data[0][:50], data[2][:50]  # four steps an epoch, the last of them short
    learner = small(epochs=2, batch_size=16, learning_rate=0.01).fit(x, y)
    assert rates == [one_cycle(step / 8, 0.01) for step in range(8)]
    rates.clear()
    learner.partial_fit(x, y)
    assert rates == pytest.approx([0.001] * 4)


def test_the_loss_of_an_epoch_is_the_mean_over_its_samples(data: Data) -> None:
    """Also where the last batch is short; at this rate the network stays as it is."""
    x, y = data[0][:33], data[2][:33]
    fitted = small(epochs=1, batch_size=32, learning_rate=1e-12).fit(x, y)
    right = fitted.predict_proba(x)[np.arange(33), np.searchsorted(fitted.classes_, y)]
    assert fitted.loss_curve_[0] == pytest.approx(-np.log(right).mean(), rel=1e-6)


def test_layers_measure_the_samples_at_the_end(data: Data) -> None:
    """Not while the weights still change, batch by batch."""
    x, y = data[0][:100], data[2][:100]
    layers = [BatchNormalizationLayer(), FCLayer(output_shape=(10,))]
    measured = small(architecture=layers, epochs=1).fit(x, y).network_.layers[0].statistics
    np.testing.assert_allclose(measured["mean"], x.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(measured["variance"], x.var(axis=0), atol=1e-9)


def test_batches_that_lack_a_class_are_learned(data: Data) -> None:
    x, _, y, _ = data
    learner = small()
    for _ in range(10):
        learner.partial_fit(x[y < 3], y[y < 3], classes=range(10))
    assert learner.predict_proba(x[:4]).shape == (4, 10)
    assert learner.score(x[y < 3], y[y < 3]) > 0.9


def test_epochs_are_told_if_asked(data: Data, capsys: pytest.CaptureFixture[str]) -> None:
    fitted = small(verbose=True).fit(data[0], data[2])
    assert capsys.readouterr().out.splitlines() == [
        f"epoch {number}/3 loss={loss:.4f}" for number, loss in enumerate(fitted.loss_curve_, 1)
    ]
    small().fit(data[0], data[2])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"architecture": "vast"}, "there is no architecture named 'vast': choose article, quick, best, tiny"),
        ({"architecture": "quick"}, "'quick' needs 28×28 images and ten classes, got 64 features and 10 classes"),
        ({"architecture": [FCLayer(output_shape=(7,))]}, r"the last layer gives \(n, 7\), but y has 10 classes"),
        ({"architecture": [FCLayer((5,), (10,))]}, r"the first layer expects \(n, 5\), X has 64 features"),
        ({"architecture": []}, "the last layer gives"),
        ({"architecture": [ConvLayer()]}, "ConvLayer expects"),
        ({"epochs": 0}, "epochs is 0: it must be 1 or more"),
        ({"n_threads": 0}, "n_threads is 0"),
        ({"batch_size": -1}, "batch_size is -1"),
        ({"learning_rate": 1e300}, "the loss is not finite in epoch"),
        ({"augmentation": Distortion(1, 1, 1, 1)}, "augmentation distorts pictures"),
    ],
)
def test_what_cannot_be_learned_is_refused(data: Data, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        small(**settings).fit(data[0], data[2])


def test_other_samples_are_refused(data: Data) -> None:
    x, _, y, _ = data
    with pytest.raises(NotFittedError):
        small().predict(x)
    fitted = small(epochs=1).fit(x, y)
    with pytest.raises(ValueError, match="X has 36 features, but NetworkClassifier is expecting 64"):
        fitted.predict(np.zeros((2, 6, 6)))
    with pytest.raises(ValueError, match=r"the classes .* differ from those of the first call"):
        fitted.partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"not in classes: \{12\}"):
        fitted.partial_fit(x[:2], [1, 12])
    with pytest.raises(ValueError, match="classes must be passed"):
        small().partial_fit(x, y)


def test_bytes_and_numbers_are_not_mixed(data: Data) -> None:
    x, _, y, _ = data
    pixels = (x * 15).astype(np.uint8)
    for first, other in ((pixels, pixels.astype(np.float32)), (x, pixels)):
        learner = small().fit(first, y)
        for use in (learner.predict, lambda X, learner=learner: learner.partial_fit(X, y)):
            with pytest.raises(ValueError, match="give it the same dtype"):
                use(other)


def test_a_first_call_that_failed_is_not_the_first(data: Data) -> None:
    x, _, y, _ = data
    learner = NetworkClassifier([FCLayer(output_shape=(3,))])
    with pytest.raises(ValueError, match="y has 10 classes"):
        learner.partial_fit(x, y, classes=range(10))
    learner.set_params(architecture=None).partial_fit(x, y, classes=range(10))
    assert len(learner.loss_curve_) == 1
