"""The side of a worker: answers item after item, quietly, and keeps within its bound of memory."""

import faulthandler
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

_MEMORY_EXIT_CODE = 77
"""What a worker exits with that noticed itself that it takes too much memory."""

_MEMORY_CHECK_INTERVAL = 0.02
"""Seconds between two looks at the memory, where the system does not keep the bound itself."""


def worker_main(
    pipe: Connection, task: Callable[[Any], Any], memory_bytes: int, too_large_failure: object
) -> None:
    """Answer batch after batch until the pipe ends; with `too_large` where an item takes too much memory. Nothing
    is written to the terminal: whoever asked says what is wrong. Garbage is looked for between batches only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(os.devnull).open("w", encoding="utf-8") as null_device:
        os.dup2(null_device.fileno(), 2)
    faulthandler.disable()
    _limit_memory(memory_bytes)
    gc.freeze()
    gc.disable()
    pipe.send(None)
    with suppress(EOFError, OSError):
        while True:
            for item in pipe.recv():
                try:
                    result = task(item)
                except MemoryError:
                    result = too_large_failure
                pipe.send(result)
            gc.collect()


def _limit_memory(max_bytes: int) -> None:
    """Let the system keep the bound where it can (Linux); elsewhere watch it and leave when it is passed."""
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 (not on Windows)

        used_bytes = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (used_bytes + max_bytes, used_bytes + max_bytes))
    else:
        watch = threading.Thread(target=_exit_above_memory, args=(peak_memory() + max_bytes,), daemon=True)
        watch.start()


def _exit_above_memory(max_bytes: int) -> None:
    while peak_memory() < max_bytes:
        time.sleep(_MEMORY_CHECK_INTERVAL)
    os._exit(_MEMORY_EXIT_CODE)


def peak_memory() -> int:
    """Return how many bytes of memory this process has taken at most so far; 0 where the system does not say."""
    if sys.platform == "win32":
        return _peak_memory_on_windows()
    import resource  # noqa: PLC0415 (not on Windows)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_memory_on_windows() -> int:
    """Return `PeakWorkingSetSize` of PROCESS_MEMORY_COUNTERS (psapi.h)."""
    import ctypes  # noqa: PLC0415 (slow to load, and only needed there)

    class Counters(ctypes.Structure):
        _fields_ = (
            ("size", ctypes.c_ulong),
            ("faults", ctypes.c_ulong),
            ("peak", ctypes.c_size_t),
            ("others", ctypes.c_size_t * 7),
        )

    counters = Counters(size=ctypes.sizeof(Counters))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (exists on Windows only)
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(kernel.GetCurrentProcess())
    succeeded = kernel.K32GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.size)
    return int(counters.peak) if succeeded else 0
