"""Timing whole processes: one after the other in turns, so that a busy machine is busy for all."""

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Command(NamedTuple):
    name: str
    words: Sequence[str]
    directory: Path
    env: Mapping[str, str] = {}


class Timing(NamedTuple):
    """Seconds of wall time, and the peak of resident memory in bytes, without children."""

    times: tuple[float, ...]
    peak: int

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def least(self) -> float:
        return min(self.times)


def in_turns(commands: Sequence[Command], times: int) -> list[Timing]:
    """Run each once to warm up, then all in turns. Raises if one of them fails."""
    peaks = [_peak(command) for command in commands]
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(times):
        for index, command in enumerate(commands):
            seconds[index].append(_once(command))
    return [Timing(tuple(each), peak) for each, peak in zip(seconds, peaks, strict=True)]


def _once(command: Command) -> float:
    start = time.perf_counter()
    process = _start(command)
    assert process.stderr is not None
    error = process.stderr.read()
    status = process.wait()
    took = time.perf_counter() - start
    if status:
        raise RuntimeError(f'{command.name} failed in {command.directory}:\n{error.decode()}')
    return took


def _peak(command: Command) -> int:
    """The kernel's own high-water mark, read until the end: what wait4 tells of a child includes
    the memory of the parent that it was split from."""
    process = _start(command)
    peak = 0
    while process.poll() is None:
        try:
            status = Path(f'/proc/{process.pid}/status').read_text()
        except OSError:
            break
        for line in status.splitlines():
            if line.startswith('VmHWM:'):
                peak = max(peak, 1024 * int(line.split()[1]))
        time.sleep(0.002)
    process.communicate()
    return peak


def _start(command: Command) -> 'subprocess.Popen[bytes]':
    return subprocess.Popen(
        command.words,
        cwd=command.directory,
        env={**os.environ, **command.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
