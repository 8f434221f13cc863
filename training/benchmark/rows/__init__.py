"""The measurements: each row compares contestants, and the result with a target."""

from collections.abc import Callable, Iterator

from ..comparison import Row, Settings
from .article import article_algorithm
from .convolution import convolution
from .frameworks import frameworks, scikit_learn
from .growth import growth
from .prediction import many_images, one_image, onnx_runtime, start
from .profile import profile
from .training import augmentation, sprint, threads, training
from .winograd_border import winograd

ROWS: dict[str, Callable[[Settings], Iterator[Row]]] = {
    "training": training,
    "threads": threads,
    "frameworks": frameworks,
    "scikit-learn": scikit_learn,
    "convolution": convolution,
    "one-image": one_image,
    "many-images": many_images,
    "onnx-runtime": onnx_runtime,
    "start": start,
    "augmentation": augmentation,
    "sprint": sprint,
    "article": article_algorithm,
    "profile": profile,
    "growth": growth,
    "winograd": winograd,
}
