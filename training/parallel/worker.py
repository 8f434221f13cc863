"""`python -m training.parallel.worker`: a process that learns its shards of each batch for a `ParallelNetwork`.

It ends when the other side hangs up. It is given the number of the open pipe, and that of the open file whose memory
both processes see: all arrays of the network, then the gradients. The network itself comes through the standard input.
"""

import mmap
import os
import pickle
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection

import numpy as np
from threadpoolctl import threadpool_limits

from model.network import Network

from .shards import Learner, predict, received, views


def main(pipe_number: int, memory_number: int) -> None:
    # Ctrl-C and a system that shuts down ask all processes to end; whoever leads saves first, and then hangs up.
    for wish in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wish, signal.SIG_IGN)
    threadpool_limits(1, user_api="blas")
    network: Network = pickle.load(sys.stdin.buffer)
    memory = np.frombuffer(mmap.mmap(memory_number, 0), network.dtype)
    os.close(memory_number)
    shared = views(memory, network.arrays())
    for name, array in shared.items():
        number, _, attribute = name.partition(".")
        setattr(network.layers[int(number)], attribute, array)
    learner = Learner(network, memory[sum(array.size for array in shared.values()) :])
    with Connection(pipe_number) as pipe, suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            what, of = received(pipe)
            pipe.send(learner.learn(of) if what == "learn" else predict(network, of))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
