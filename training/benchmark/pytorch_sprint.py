"""Recipe `sprint` in PyTorch: `python -m training.benchmark.pytorch_sprint SEED THREADS` prints its accuracy.

The same network, data, batch size, optimizer and schedule as in `training.train`, without checkpoints, files and
progress bar.
"""

import sys
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from data.datasets import load_dataset
from model.architectures import build_network

from ..recipes import RECIPES
from ..schedules import one_cycle
from ..trainer import split
from .pytorch import pictures_of, twin


def main(seed: int, threads: int) -> None:
    torch.set_num_threads(threads)
    recipe, dataset = RECIPES["sprint"], load_dataset("mnist")
    train_rows, validation_rows = split(len(dataset.train_images))
    pictures = pictures_of(dataset.train_images, torch.channels_last)
    labels = torch.from_numpy(dataset.train_labels.astype(np.int64))
    model: Any = twin(build_network(recipe.architecture, np.random.default_rng(seed)))
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    steps, step = recipe.epochs * -(-len(train_rows) // recipe.batch_size), 0
    for epoch in range(recipe.epochs):
        order = torch.from_numpy(train_rows[np.random.default_rng([seed, epoch]).permutation(len(train_rows))])
        for batch in order.split(recipe.batch_size):
            optimizer.param_groups[0]["lr"] = one_cycle(step / steps, recipe.learning_rate)
            optimizer.zero_grad()
            F.cross_entropy(model(pictures[batch]), labels[batch]).backward()
            optimizer.step()
            step += 1
    model.eval()
    with torch.inference_mode():
        outputs = torch.cat([model(chunk) for chunk in pictures[torch.from_numpy(validation_rows)].split(500)])
    print(float((outputs.argmax(dim=1) == labels[torch.from_numpy(validation_rows)]).float().mean()))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
