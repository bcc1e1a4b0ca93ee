"""What the pusher sees: git shows it to him line by line, while it happens."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

from .talking import Server, Unsent

PAUSE = 0.4  # seconds between two looks
PATIENCE = 60  # looks in vain, while somebody waits
MARKS = {'success': '+', 'skipped': '-', 'failure': 'x', 'cancelled': '!'}


def say(text: str) -> None:
    with suppress(OSError):  # the pusher is gone; what was pushed is told all the same
        print(text, flush=True)


class Show:
    """Tells how runs go on, each thing once."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, str], str] = {}

    def tell(self, told: dict[str, Any], *, jobs: bool) -> None:
        for run in told['runs']:
            self._once(run['run'], '', 'begun', f'{run["workflow"]}: {run["url"]}')
            for job in run['jobs'] if jobs else ():
                self._job(run, job)

    def _job(self, run: dict[str, Any], job: dict[str, Any]) -> None:
        if job['conclusion']:
            mark = MARKS.get(job['conclusion'], '?')
            text = f'  {mark} {job["name"]}: {job["conclusion"]}'
            if job['conclusion'] == 'failure' and job.get('url'):
                text += f'  {job["url"]}'
            text = '\n      '.join((text, *job.get('errors', ())))
            self._once(run['run'], job['key'], job['conclusion'], text)
        elif job['state'] == 'running':
            self._once(run['run'], job['key'], 'running', f'  > {job["name"]}')

    def _once(self, run: int, key: str, state: str, text: str) -> None:
        if self._told.get((run, key)) != state:
            self._told[run, key] = state
            say(text)


def follow(server: Server, delivery: str, seconds: float, *, wait: bool) -> dict[str, Any]:
    """Look until it is decided what starts, or until all of it has ended if one is to `wait`. The
    last that was seen. Raises Unsent where the server stays away."""
    end, patience, show = time.monotonic() + seconds, 0, Show()
    while True:
        try:
            told = server.progress(delivery)
            patience = 0
        except Unsent as unsent:
            patience += 1
            if unsent.final or not wait or patience > PATIENCE:
                raise
            time.sleep(1.0)
            continue
        show.tell(told, jobs=wait)
        ended = told['state'] == 'decided' and (not wait or over(told))
        if ended or time.monotonic() > end:
            return told
        time.sleep(PAUSE)


def over(told: dict[str, Any]) -> bool:
    return all(run['conclusion'] for run in told['runs'])


def green(told: dict[str, Any]) -> bool:
    runs = told['runs']
    return (
        told['state'] == 'decided'
        and not told.get('failed')
        and all(run['conclusion'] in ('success', 'skipped') for run in runs)
    )


def verdict(told: dict[str, Any]) -> str:
    bad = [f'{run["workflow"]} {run["conclusion"]}' for run in told['runs']
           if run['conclusion'] not in ('success', 'skipped')]  # fmt: skip
    return 'is green' if not bad else f'is red: {", ".join(bad)}'
