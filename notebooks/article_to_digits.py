# %% [markdown]
# # From the article to digits
#
# One lesson: layers, their gradients, a check of the gradients, a network that learns MNIST, and your own picture.
# VS Code opens this file as a notebook, and so does Jupyter with the jupytext extension; `python` runs it as it is.
# The derivations of all formulas are in `docs/derivations.md`.

# %%
import os
import sys
from io import BytesIO
from pathlib import Path

# Python finds the project from its folder, and from this file's, where Jupyter starts.
sys.path.append(str(Path.cwd().parent if Path.cwd().name == "notebooks" else Path.cwd()))

import numpy as np
from PIL import Image

from data.ink import picture_to_image
from model import ActivationLayer, ConvLayer, FCLayer, Network, mse, mse_prime, tanh, tanh_prime
from model.architectures import build_network
from model.classifier import DigitClassifier
from model.images import images_to_input
from model.losses import LOSSES
from training.batches import targets_for
from training.optimizers import Adam
from training.recipes import RECIPES
from training.schedules import one_cycle
from training.train import dataset_or_fallback
from training.trainer import settle, split

DATASET = os.environ.get("DATASET")  # mnist or digits; without it MNIST, or scikit-learn's small digits when offline
IMAGES = int(os.environ.get("IMAGES", "60000"))  # how many of its training images are learned at most
PICTURE = os.environ.get("PICTURE")  # a picture of a digit that you wrote
rng = np.random.default_rng(0)

# %% [markdown]
# ## A layer
#
# A fully connected layer computes Y = X W + B. Given ∂E/∂Y, it finds ∂E/∂W, ∂E/∂B and ∂E/∂X.

# %%
layer = FCLayer(2, 1, rng)
layer.weights[...] = [[3], [-1]]
layer.bias[...] = 0.5
x = np.array([[2.0, 4.0]])
print("Y      =", layer.forward_propagation(x))  # 2·3 − 4·1 + 0.5
print("∂E/∂X  =", layer.backward_propagation(np.array([[10.0]])))  # 10 · W
print("∂E/∂W  =", layer.gradients["weights"].T)  # 10 · X
print("∂E/∂B  =", layer.gradients["bias"])

# %% [markdown]
# ## The article's XOR
#
# Two layers, and something that bends after each. **Try:** two hidden neurons instead of three; another seed; no
# activation in between.

# %%
inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
targets = np.array([[0], [1], [1], [0]])
xor = Network(input_shape=2, rng=rng)
for layer in (
    FCLayer(output_shape=3),
    ActivationLayer(tanh, tanh_prime),
    FCLayer(output_shape=1),
    ActivationLayer(tanh, tanh_prime),
):
    xor.add(layer)
xor.use(mse, mse_prime)
xor.fit(inputs, targets, epochs=1000, learning_rate=0.1)
print(xor.predict(inputs).round(3))

# %% [markdown]
# ## The gradient check
#
# Is a backward pass right? Move one number a little up and down, and see by how much E changes. **Try:** change a sign
# in `model/conv_layer.py`, restart, and look at the last column.


# %%
def check(error, arrays, gradients, places=5, step=1e-5):
    """Compare some numbers of each gradient with differences of the error."""
    for name, array in arrays.items():
        for place in rng.choice(array.size, min(places, array.size), replace=False):
            index = np.unravel_index(place, array.shape)
            value = array[index]
            array[index] = value + step
            above = error()
            array[index] = value - step
            below = error()
            array[index] = value
            difference, computed = (above - below) / (2 * step), gradients[name][index]
            print(f"{name:12} {computed:12.8f} {difference:12.8f} {abs(computed - difference):9.1e}")
            assert abs(computed - difference) < 1e-6


conv = ConvLayer((6, 6, 2), (3, 3), 4, rng=rng)
picture = rng.normal(size=(1, 6, 6, 2))
weighting = rng.normal(size=conv.forward_propagation(picture).shape)  # E = Σ weighting · Y, so ∂E/∂Y = weighting
input_error = conv.backward_propagation(weighting)
check(
    lambda: (weighting * conv.forward_propagation(picture)).sum(),
    {"X": picture, "W": conv.weights, "B": conv.bias},
    {"X": input_error, "W": conv.gradients["weights"], "B": conv.gradients["bias"]},
)

# %% [markdown]
# ## The data
#
# 28×28 pixels each, 0 = paper, 255 = ink.


# %%
def show(image):
    """A picture in characters, two rows of pixels a line."""
    for row in image.reshape(14, 2, 28).mean(axis=1):
        print("".join(" .:*#"[int(pixel * 5 / 256)] for pixel in row))


dataset = dataset_or_fallback(DATASET)
rows, held_back = split(len(dataset.train_images))
rows = rows[:IMAGES]
print(f"{dataset.name}: {len(rows):,} images to learn, {len(held_back):,} others to measure on")
print(f"a {dataset.train_labels[rows[0]]}:")
show(dataset.train_images[rows[0]])

# %% [markdown]
# ## One epoch of `quick`
#
# Two convolutions with pooling, softmax and cross-entropy, Adam. The loop is all there is to it: forwards, the loss's
# derivative, backwards, a step.

# %%
recipe = RECIPES["quick"]
network = build_network(recipe.architecture, rng)
loss, loss_prime = LOSSES[recipe.loss]
optimizer, parameters = Adam(), network.parameters()
batches = np.array_split(rng.permutation(rows), max(1, len(rows) // recipe.batch_size))
for number, batch in enumerate(batches):
    y_true = targets_for(dataset.train_labels[batch], recipe.targets)
    output = network.forward_propagation(images_to_input(dataset.train_images[batch]), training=True)
    network.compute_gradients(loss_prime(y_true, output))
    optimizer.step(parameters, network.gradients(), one_cycle(number / len(batches), recipe.learning_rate))
    if number % 50 == 0 or number == len(batches) - 1:
        print(f"batch {number + 1:3} of {len(batches)}: E = {loss(y_true, output):.4f}")

settle(network, dataset)  # batch normalization measures what prediction needs
classifier = DigitClassifier(network)
answers = classifier.predict(dataset.train_images[held_back])
accuracy = (answers == dataset.train_labels[held_back]).mean()
print(f"read right: {100 * accuracy:.2f} % of {len(held_back):,} images that it never learned")

# %% [markdown]
# ## Your own picture
#
# Write a digit on paper, take a photograph, and name its file in `PICTURE`, above. Until then: a 7 with two strokes.

# %%
if PICTURE is None:
    page = np.full((200, 200), 255, np.uint8)  # paper
    page[40:52, 50:150] = 0  # ink
    for row in range(40, 170):
        column = 142 - (row - 40) // 2
        page[row, column - 6 : column + 6] = 0
    file = BytesIO()
    Image.fromarray(page).save(file, "PNG")
    written = file.getvalue()
else:
    written = Path(PICTURE).read_bytes()
image = picture_to_image(written)  # framed as MNIST's images are
if image is None:
    print("There is no ink in this picture.")
else:
    show(image)
    for digit, probability in enumerate(classifier.predict_proba(image[np.newaxis])[0]):
        print(f"{digit} {'█' * round(40 * probability)} {100 * probability:.0f} %")
