"""A process that learns its shards of each batch for a `ParallelNetwork`."""

import signal
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from threadpoolctl import threadpool_limits

from model.network import Network

from .freed_memory import keep_freed_memory
from .shards import Learner, SharedMemory, predict, received


def work(pipe: Connection, network: Network, shared: Any, number: int) -> None:
    """Answer requests from the pipe until the other side closes it.

    Args:
        network: the network to learn. Its arrays are replaced by those in `shared`.
        shared: the memory that all processes share.
        number: the index of this process's row of gradients.
    """
    # Ctrl-C and a system shutdown signal all processes. The main process saves first, then closes the pipe.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, signal.SIG_IGN)
    keep_freed_memory()
    threadpool_limits(1, user_api="blas")
    learner = Learner(network, SharedMemory(network, shared).gradients(number))
    with pipe, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task, data = received(pipe)
            pipe.send(learner.learn(data) if task == "learn" else predict(network, data))
