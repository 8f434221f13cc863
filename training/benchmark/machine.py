"""The facts about this machine that determine the speed: processor, BLAS kernels, versions."""

import importlib.metadata
import os
import platform
from contextlib import suppress
from pathlib import Path

from threadpoolctl import threadpool_info

from ..cli import commit

CPUINFO = Path("/proc/cpuinfo")
PACKAGES = ("numpy", "scipy", "torch", "onnxruntime", "jax", "keras")


def facts(threads: int, rounds: int) -> dict[str, str]:
    """The facts by name."""
    return {
        "commit": commit(),
        "processor": processor(),
        "BLAS": blas(),
        "threads": str(threads),
        "rounds": str(rounds),
        "Python": platform.python_version(),
        **{package: version(package) for package in PACKAGES},
    }


def processor() -> str:
    """The processor's name; on Linux with its family and model, because virtual machines shorten the name."""
    with suppress(OSError):
        lines = CPUINFO.read_text(encoding="utf-8").splitlines()
        first = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
        if "model name" in first:
            numbers = [
                f"{name} {first[key]}" for name, key in (("family", "cpu family"), ("model", "model")) if key in first
            ]
            return f"{first['model name']} ({', '.join([*numbers, platform.machine()])})"
    return platform.processor() or platform.machine()


def blas() -> str:
    """The BLAS libraries in use and their kernels, with a warning if those were not chosen automatically."""
    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = {
        f"{library['internal_api']} {library['version']}, {library.get('architecture', 'unknown')} kernels"
        for library in found
    }
    set_by_hand = os.environ.get("OPENBLAS_CORETYPE")
    warning = (
        f" (OPENBLAS_CORETYPE={set_by_hand} is set, which slows numpy: unset it to measure)" if set_by_hand else ""
    )
    return (" and ".join(sorted(names)) or "unknown") + warning


def version(package: str) -> str:
    """The version of a package."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
