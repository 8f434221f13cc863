"""Digits as pictures: the data sets, and the way from ink to MNIST's 28×28 frame."""
