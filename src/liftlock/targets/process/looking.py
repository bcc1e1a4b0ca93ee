"""An instance as the engine sees it."""

import time

from liftlock.rollout.sight import Instance
from liftlock.targets.process import backoff
from liftlock.targets.process.life import Life
from liftlock.targets.process.usage import Meter, Use


def instance(life: Life, meter: Meter, now: float) -> Instance:
    """`now` counts up from anywhere: it is for the use of the processor."""
    kept = life.record
    use = meter.measure(kept.pid, now) if life.alive else Use()
    return Instance(
        id=kept.id,
        revision=kept.revision,
        alive=life.alive,
        ready=False if life.leaving else life.ready,
        address=life.address if kept.port else '',
        pid=kept.pid,
        since=kept.since if life.alive else kept.ended,
        restarts=kept.restarts,
        message=_message(life, time.time()),
        cpu=use.cpu,
        memory=use.memory,
    )


def _message(life: Life, now: float) -> str:
    kept = life.record
    if life.leaving:
        return 'ending'
    if life.alive:
        return '' if backoff.is_settled(kept, now) else kept.message
    pause = backoff.due(kept) - now
    again = f'starts again in {pause:.0f} s' if pause >= 1 else 'starts again'
    return f'{kept.message}; {again}' if kept.message else ''
