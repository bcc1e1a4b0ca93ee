"""Timing whole processes: one after the other in turns, so that a busy machine is busy for all."""

import os
import resource
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
    """Seconds of wall time, and the peak of memory in bytes (of the process, not its children)."""

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
    peaks = [_once(command)[1] for command in commands]
    seconds: list[list[float]] = [[] for _ in commands]
    for _ in range(times):
        for index, command in enumerate(commands):
            took, peak = _once(command)
            seconds[index].append(took)
            peaks[index] = max(peaks[index], peak)
    return [Timing(tuple(each), peak) for each, peak in zip(seconds, peaks, strict=True)]


def _once(command: Command) -> tuple[float, int]:
    start = time.perf_counter()
    process = subprocess.Popen(
        command.words,
        cwd=command.directory,
        env={**os.environ, **command.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    if status:
        raise RuntimeError(f'{command.name} failed in {command.directory}:\n{error.decode()}')
    return took, _bytes(usage)


def _bytes(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * 1024  # Linux counts kilobytes
