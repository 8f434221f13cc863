"""PyTorch's contestants in the benchmark: copies of our networks with the same initial weights, on the same batches."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from model.activation_layer import ActivationLayer
from model.batch_normalization_layer import BatchNormalizationLayer
from model.conv_layer import ConvLayer
from model.dropout_layer import DropoutLayer
from model.fc_layer import FCLayer
from model.flatten_layer import FlattenLayer
from model.layer import Layer
from model.losses import mse
from model.max_pooling_layer import MaxPoolingLayer
from model.network import Network

from . import jobs
from .measure import Work
from .processes import run_python, three_runs


def twin(network: Network) -> nn.Sequential:
    """The same network in PyTorch, for images `(n, 1, 28, 28)`."""
    modules: list[nn.Module] = []
    depths_last: tuple[int, ...] | None = None  # the shape before the last flatten, (h, w, d)
    for layer in network.layers:
        modules.append(module_of(layer, depths_last))
        depths_last = layer.input_shape if isinstance(layer, FlattenLayer) else depths_last
        if isinstance(layer, FCLayer):
            depths_last = None
    return nn.Sequential(*modules)


def module_of(layer: Layer, flattened: tuple[int, ...] | None) -> nn.Module:
    """PyTorch's module for a layer, with its parameters; `flattened` is the shape of its input before flattening."""
    if isinstance(layer, ConvLayer):
        convolution = nn.Conv2d(layer.input_depth, layer.layer_depth, layer.kernel_shape)
        copy_to(convolution, layer.weights.transpose(3, 2, 0, 1), layer.bias)
        return convolution
    if isinstance(layer, FCLayer):
        weights = layer.weights
        if flattened is not None:  # we flatten (h, w, d), PyTorch (d, h, w)
            weights = weights.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(weights.shape)
        linear = nn.Linear(*weights.shape)
        copy_to(linear, weights.T, layer.bias[0])
        return linear
    if isinstance(layer, ActivationLayer):
        return {"tanh": nn.Tanh, "relu": nn.ReLU}[layer.activation.__name__]()
    if isinstance(layer, MaxPoolingLayer):
        return nn.MaxPool2d(layer.pool_shape)
    if isinstance(layer, BatchNormalizationLayer):  # both start with scale 1 and shift 0
        normalization = nn.BatchNorm2d if len(layer.input_shape or ()) == 3 else nn.BatchNorm1d
        return normalization(len(layer.scale))
    if isinstance(layer, DropoutLayer):
        return nn.Dropout(layer.rate)
    return nn.Flatten()


def copy_to(module: Any, weights: Any, bias: Any) -> None:
    with torch.no_grad():
        module.weight.copy_(torch.tensor(weights.copy()))
        module.bias.copy_(torch.tensor(bias))


def pictures_of(images: NDArray[np.uint8], layout: torch.memory_format) -> torch.Tensor:
    """The images as a tensor `(n, 1, 28, 28)`, 0 to 1."""
    return (torch.from_numpy(images)[:, None].float() / 255).contiguous(memory_format=layout)


def training(name: str, threads: int, mode: str) -> Work:
    """Whole training steps, from float tensors to updated parameters.

    Args:
        mode: "eager" or "compile", optionally with "channels_last", the memory layout of our arrays.
    """
    torch.set_num_threads(threads)
    same = learn(*jobs.deterministic_job(name), mode, steps=4)()
    step = learn(*jobs.job(name), mode, jobs.STEPS[name])
    return lambda: {"checksum": same, "loss": step()}


def learn(
    network: Network, images: NDArray[np.uint8], y_true: NDArray[np.float32], mode: str, steps: int
) -> Callable[[], float]:
    """A function that takes `steps` steps with the PyTorch copy on a batch and returns the last loss."""
    layout = torch.channels_last if "channels_last" in mode else torch.contiguous_format
    model: Any = twin(network)
    model = model.to(memory_format=layout)
    pictures = pictures_of(images, layout)
    targets = torch.from_numpy(y_true)
    loss_of = F.mse_loss if network.loss is mse else F.cross_entropy
    optimizer = torch.optim.Adam(model.parameters(), lr=jobs.LEARNING_RATE, fused=True)
    if "compile" in mode:
        model = torch.compile(model)

    def work() -> float:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = loss_of(model(pictures), targets)
            loss.backward()
            optimizer.step()
        return float(loss.detach())

    return work


def convolution(depth: int, size: int, mode: str) -> Work:
    """Forward and backward through a single convolution as ours does; `mode` is "eager" or "channels_last"."""
    torch.set_num_threads(1)
    layer, images = jobs.convolution_job(depth, size)
    layout = torch.channels_last if mode == "channels_last" else torch.contiguous_format
    module: Any = module_of(layer, None)
    module = module.to(memory_format=layout)
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(memory_format=layout).requires_grad_()

    def work() -> dict[str, float]:
        for _ in range(jobs.CONVOLVED // len(images)):
            pictures.grad = module.weight.grad = module.bias.grad = None
            output = module(pictures)
            output.backward(output.detach())
        assert pictures.grad is not None
        return {"checksum": float(pictures.grad.abs().mean() + module.weight.grad.abs().mean())}

    return work


def predicting_one(name: str, threads: int, mode: str) -> Work:
    """The probabilities for one image, a hundred times; `mode` is "eager" or "TorchScript"."""
    torch.set_num_threads(threads)
    network, images, _ = jobs.job(name)
    model: Any = twin(network).eval()
    if mode == "TorchScript":
        model = torch.jit.freeze(torch.jit.trace(model, torch.zeros(1, 1, 28, 28)))

    def work() -> dict[str, float]:
        with torch.inference_mode():
            for image in images[:100]:
                picture = torch.from_numpy(image)[None, None].float() / 255
                probabilities = torch.softmax(model(picture), dim=1).numpy()
        return {"checksum": float(probabilities[0, 0])}

    return work


def predicting_many(name: str, count: int, threads: int, mode: str) -> Work:
    """The outputs for many images, 500 at a time; `mode` is "eager" or "channels_last"."""
    torch.set_num_threads(threads)
    network, images, _ = jobs.job(name, count)
    layout = torch.channels_last if mode == "channels_last" else torch.contiguous_format
    model: Any = twin(network)
    model = model.eval().to(memory_format=layout)

    def work() -> dict[str, float]:
        with torch.inference_mode():
            outputs = [model(pictures_of(images[start : start + 500], layout)) for start in range(0, count, 500)]
            return {"checksum": float(torch.softmax(torch.cat(outputs)[:1], dim=1)[0, 0])}

    return work


def from_nothing(folder: Path) -> Work:
    """A new process up to its first prediction: imports, the weights of `quick`, one image."""
    network, _, _ = jobs.job("quick")
    torch.save(twin(network).state_dict(), folder / "quick.pt")
    program = (
        "import sys, torch; from torch import nn; "
        "model = nn.Sequential(nn.Conv2d(1, 16, 5), nn.MaxPool2d(2), nn.BatchNorm2d(16), nn.ReLU(), "
        "nn.Conv2d(16, 32, 3), nn.MaxPool2d(2), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), "
        "nn.Linear(800, 128), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 10)).eval(); "
        "model.load_state_dict(torch.load(sys.argv[1])); print(model(torch.zeros(1, 1, 28, 28)).argmax())"
    )
    return three_runs("-c", program, folder / "quick.pt")


def sprint(threads: int) -> Work:
    """A new process that trains recipe `sprint` as ours does, each time with another seed."""
    seeds = itertools.count()

    def work() -> dict[str, float]:
        accuracy = run_python("-m", "training.benchmark.pytorch_sprint", str(next(seeds)), str(threads))
        return {"validation_accuracy": float(accuracy)}

    return work
