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
    """Answer what comes through the pipe, until the other side hangs up.

    Args:
        network: the one to learn; its arrays are in `shared`, and its own are not used.
        shared: the memory that all processes see.
        number: which row of gradients in it is this process's own.
    """
    # Ctrl-C and a system that shuts down ask all processes to end; the leading process saves first, then hangs up.
    for number_of_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number_of_signal, signal.SIG_IGN)
    keep_freed_memory()
    threadpool_limits(1, user_api="blas")
    learner = Learner(network, SharedMemory(network, shared).gradients(number))
    with pipe, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            what, of = received(pipe)
            pipe.send(learner.learn(of) if what == "learn" else predict(network, of))
