"""What jobs are called: keys for machines, names for people.

A key is unique in a run and stays what it is through every attempt: `build`, `test[2]` for the
third leg of a matrix, `deploy[0]/smoke` for a job of a called workflow.
"""

from collections.abc import Iterable
from typing import Final

LONGEST: Final = 100  # characters of a display name


def leg_key(slot: str, index: int) -> str:
    return f'{slot}[{index}]'


def inner_key(call: str, job: str) -> str:
    return f'{call}/{job}'


def leg_name(job: str, segments: Iterable[str]) -> str:
    """`test (3.11, linux)`; GitHub cuts a name at a hundred characters."""
    joined = ', '.join(segment for segment in segments if segment)
    return shorten(f'{job} ({joined})' if joined else job)


def inner_name(call: str, job: str) -> str:
    return f'{call} / {job}' if call else job


def shorten(name: str) -> str:
    return name if len(name) <= LONGEST else f'{name[: LONGEST - 3]}...'
