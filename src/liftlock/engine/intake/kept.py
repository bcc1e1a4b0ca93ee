"""An event as the store keeps it, with what was asked for beside it: JSON."""

import json
from collections.abc import Mapping

from liftlock.language.expressions.values import Value
from liftlock.plan.event import Event


def dump(event: Event, asked: Mapping[str, Value]) -> str:
    return json.dumps({'event': event._asdict(), **asked})


def load(text: str) -> tuple[Event, Mapping[str, Value]]:
    data = json.loads(text, parse_int=float)
    event = Event(**data.pop('event'))
    changed = None if event.changed is None else tuple(event.changed)
    return event._replace(changed=changed), data
