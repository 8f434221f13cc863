"""What the C library does with freed memory, which decides how fast a training step is."""

import ctypes
import sys
from contextlib import suppress

# Parameters of glibc's mallopt, from malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 2**28  # bytes free at the end of the heap before any go back to the system
LARGEST = 2**25  # bytes: larger arrays are mapped one by one


def keep_freed_memory() -> None:
    """Let this process use freed memory again instead of giving it back and getting it anew.

    A step frees every array that it makes, some megabytes each. glibc returns such memory to the system, which clears
    it and hands it out page by page at the next step: half of the time of a step of `quick`. Other C libraries have no
    such settings, and are left as they are.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(M_MMAP_THRESHOLD, LARGEST)
            mallopt(M_TRIM_THRESHOLD, KEPT)
