"""The article's neural network: layers, losses and the network, written in numpy alone."""

from .activation_layer import ActivationLayer
from .activations import relu, relu_prime, tanh, tanh_prime
from .batch_normalization_layer import BatchNormalizationLayer
from .conv_layer import ConvLayer
from .dropout_layer import DropoutLayer
from .fc_layer import FCLayer
from .flatten_layer import FlattenLayer
from .layer import Layer
from .losses import mse, mse_prime, softmax_cross_entropy, softmax_cross_entropy_prime
from .max_pooling_layer import MaxPoolingLayer
from .network import Network
from .weights import load_network, save_network

__all__ = [
    "ActivationLayer",
    "BatchNormalizationLayer",
    "ConvLayer",
    "DropoutLayer",
    "FCLayer",
    "FlattenLayer",
    "Layer",
    "MaxPoolingLayer",
    "Network",
    "load_network",
    "mse",
    "mse_prime",
    "relu",
    "relu_prime",
    "save_network",
    "softmax_cross_entropy",
    "softmax_cross_entropy_prime",
    "tanh",
    "tanh_prime",
]
