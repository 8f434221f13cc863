"""Settings of the C library's memory allocator, on which the speed of a training step depends."""

import ctypes
import sys
from contextlib import suppress

# Parameters of glibc's mallopt, from malloc.h.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 2**28  # bytes free at the end of the heap before memory is returned to the system
LARGEST = 2**25  # bytes; larger arrays are mapped separately


def keep_freed_memory() -> None:
    """Let this process reuse freed memory instead of returning it to the system.

    A step frees all arrays that it creates, some megabytes each. By default glibc returns such memory to the system,
    which clears it and provides it again page by page: half of the time of a step of `quick`. Other C libraries do not
    have these settings.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library than glibc
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(M_MMAP_THRESHOLD, LARGEST)
            mallopt(M_TRIM_THRESHOLD, KEPT)
