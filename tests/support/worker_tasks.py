"""What the tests let worker processes do. Imports little, since each new process imports it."""

import os
import signal
import sys
import time


def obey(word: str) -> str:
    """Return the word in capitals, or do what it names."""
    if word == "who":
        time.sleep(0.02)
        return str(os.getpid())
    if word == "abort":
        os.abort()
    if word == "leave":
        os._exit(3)
    if word == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        time.sleep(60)
    if word == "stop":
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
        while True:
            pass
    if word == "grow":
        return str(len(bytearray(2_000_000_000)))
    return word.upper()


def name_process(word: str) -> str:
    """Return the number of this process, and the word."""
    time.sleep(0.02)
    return f"{os.getpid()} {word}"


def name_main_file(_: str) -> str:
    """Return the file of this process's main module, "None" if it has none."""
    return str(getattr(sys.modules["__main__"], "__file__", None))
