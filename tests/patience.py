"""Waiting for what will be, with a bound."""

import time
from collections.abc import Callable


def eventually(true: Callable[[], object], seconds: float = 20.0, what: str = '') -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what or f'not true after {seconds} s'
        time.sleep(0.02)
