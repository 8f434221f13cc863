"""Steps on several cores: the same as on one, always the same bits, and nothing left behind."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing import resource_tracker
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from model import softmax_cross_entropy, softmax_cross_entropy_prime
from model.architectures import build_network
from model.batch_normalization_layer import BatchNormalizationLayer
from model.dropout_layer import DropoutLayer
from model.images import images_to_input
from model.network import Network
from training.files import PROJECT
from training.parallel.network import LARGEST_SHARD, ParallelNetwork, WorkerLost, shards_of


def loss_network() -> Network:
    """Without batch normalization, which sees the shards, as it is meant to."""
    network = build_network("quick", np.random.default_rng(0))
    network.use(softmax_cross_entropy, softmax_cross_entropy_prime)
    network.layers = [layer for layer in network.layers if not isinstance(layer, BatchNormalizationLayer)]
    return network


@pytest.mark.parametrize(("threads", "images"), [(1, 100), (2, 200), (3, 300), (4, 5)])
def test_parallel_is_serial(threads: int, images: int) -> None:
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (images, 28, 28), dtype=np.uint8)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, images)]
    network = loss_network()
    output = network.forward_propagation(images_to_input(pictures), training=True)
    network.backward_propagation(softmax_cross_entropy_prime(targets, output))
    with ParallelNetwork(loss_network(), threads) as parallel:
        for _ in range(2):  # the second time in used memory
            loss, correct = parallel.learn(pictures, targets, [0])
        assert loss == pytest.approx(softmax_cross_entropy(targets, output), rel=1e-5)
        assert correct == (output.argmax(axis=1) == targets.argmax(axis=1)).sum()
        for name, gradient in network.gradients().items():
            scale = np.abs(gradient).max()
            np.testing.assert_allclose(parallel.gradients[name], gradient, atol=1e-4 * scale)
        np.testing.assert_allclose(parallel.predict(pictures), output, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("count", "threads", "sizes"), [
    (128, 2, [64, 64]), (64, 2, [32, 32]), (130, 2, [32, 33, 32, 33]), (3, 4, [1, 1, 1]), (100, 1, [50, 50]),
])  # fmt: skip
def test_shards_are_even_and_keep_all_threads_at_work(count: int, threads: int, sizes: list[int]) -> None:
    shards = shards_of(count, threads)
    assert [shard.stop - shard.start for shard in shards] == sizes
    assert [row for shard in shards for row in range(shard.start, shard.stop)] == list(range(count))


def test_parallel_equals_itself_bit_for_bit() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, 300)]
    network = build_network("best", np.random.default_rng(0))
    network.add(DropoutLayer(rate=0.3))  # it draws at random
    network.use(softmax_cross_entropy, softmax_cross_entropy_prime)
    with ParallelNetwork(network, 3) as parallel:
        parallel.learn(pictures, targets, [1, 2])
        first = {name: array.copy() for name, array in parallel.gradients.items()}
        parallel.learn(pictures[:7], targets[:7], [5])
        for _ in range(5):
            parallel.learn(pictures, targets, [1, 2])
            assert all(np.array_equal(first[name], array) for name, array in parallel.gradients.items())
        parallel.learn(pictures, targets, [1, 3])
        assert not np.array_equal(first["0.weights"], parallel.gradients["0.weights"])


def test_shards_of_a_batch_drop_out_different_neurons() -> None:
    """So a batch of the same images twice gives other gradients than once."""
    rng = np.random.default_rng(1)
    pictures = rng.integers(0, 256, (LARGEST_SHARD, 28, 28), dtype=np.uint8)
    targets = np.eye(10, dtype=np.float32)[rng.integers(0, 10, LARGEST_SHARD)]
    network = loss_network()
    network.add(DropoutLayer(rate=0.3))
    with ParallelNetwork(network, 1) as parallel:
        parallel.learn(pictures, targets, [0])
        once = parallel.gradients["0.weights"].copy()
        parallel.learn(np.concatenate([pictures] * 2), np.concatenate([targets] * 2), [0])
        assert not np.allclose(parallel.gradients["0.weights"], once)


def test_the_network_keeps_its_arrays_with_what_was_learned() -> None:
    network = loss_network()
    weights = network.parameters()["0.weights"]
    before = weights.copy()
    with ParallelNetwork(network, 1):
        network.parameters()["0.weights"][...] += 1
    assert network.parameters()["0.weights"] is weights
    np.testing.assert_array_equal(weights, before + 1)


def test_blas_computes_on_one_thread_in_the_block_alone() -> None:
    def threads() -> set[int]:
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(2, user_api="blas"):
        with ParallelNetwork(loss_network(), 1):
            assert threads() == {1}
        assert threads() == {2}


def children() -> set[int]:
    """The processes that this one has started and that are still there."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            number, _, rest = file.read_text().partition(" (")
            if rest.rpartition(") ")[2].split()[1] == str(os.getpid()):
                found.add(int(number))
    return found


def test_a_worker_that_is_killed_is_missed_and_the_others_are_sent_home() -> None:
    pictures, targets = np.zeros((4, 28, 28), np.uint8), np.eye(10, dtype=np.float32)[:4]
    resource_tracker.ensure_running()  # a process of multiprocessing's own, which stays
    before = children()
    with ParallelNetwork(loss_network(), 3) as parallel:
        parallel.learn(pictures, targets, [0])
        assert len(children() - before) == 2
        parallel.workers[1].process.kill()
        with pytest.raises(WorkerLost, match=r"is gone: signal 9 ended it; is there enough memory\?"):
            parallel.learn(pictures, targets, [0])
    assert children() <= before


def test_a_worker_that_is_asked_to_end_stays_until_the_work_is_saved() -> None:
    pictures, targets = np.zeros((4, 28, 28), np.uint8), np.eye(10, dtype=np.float32)[:4]
    with ParallelNetwork(loss_network(), 2) as parallel:
        before = parallel.learn(pictures, targets, [0])
        for number in (signal.SIGINT, signal.SIGTERM):
            os.kill(parallel.workers[0].process.pid or 0, number)
        assert parallel.learn(pictures, targets, [0]) == before


def test_workers_end_with_a_leader_that_is_killed() -> None:
    program = (
        "import numpy, time; from model.architectures import build_network; from training.parallel.network import *\n"
        "with ParallelNetwork(build_network('quick', numpy.random.default_rng(0)), 2) as parallel:\n"
        "    parallel.predict(numpy.zeros((2, 28, 28), numpy.uint8))\n"
        "    print(parallel.workers[0].process.pid, flush=True)\n"
        "    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, stdout=subprocess.PIPE) as leader:
        assert leader.stdout is not None
        worker = int(leader.stdout.readline())
        leader.kill()
    deadline = time.monotonic() + 20
    while is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not is_alive(worker)


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
