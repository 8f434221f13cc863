"""Images of digits: the data sets, and the conversion of ink to MNIST's 28×28 frame."""
