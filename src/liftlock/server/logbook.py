"""The log of a process that stays: lines for people, or JSON for programs, on stderr.

Each line of JSON carries the ids that `engine.trail` knows, so that everything that one request or
one run has caused can be found. What is logged is chosen by whoever logs; secrets of requests
(codes, tickets, queries) never get this far.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

from liftlock.engine import trail

FORMATS: Final = ('text', 'json')
ACCESS: Final = 'liftlock.access'
_OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {'message', 'asctime', 'color_message'}


class Trailing(logging.Filter):
    """Notes the ids where the line is written: a handler may look at it elsewhere."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.trail = trail.ids()
        return True


class Plain(logging.Formatter):
    """As commands speak: `liftlock: run 7: …`, with what is about it in brackets."""

    def format(self, record: logging.LogRecord) -> str:
        text = f'liftlock: {record.getMessage()}'
        if record.exc_info:
            text += f'\n{self.formatException(record.exc_info)}'
        return text


class Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            'at': datetime.fromtimestamp(record.created, UTC).isoformat(timespec='milliseconds'),
            'level': record.levelname.lower(),
            'logger': record.name,
            'message': record.getMessage(),
            **getattr(record, 'trail', {}),
            **{name: value for name, value in vars(record).items() if _is_extra(name)},
        }
        if record.exc_info:
            told['exception'] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


def keep(form: str = 'text', *, access: bool = False) -> None:
    """From here on, this process' log. `access`: with a line for every request."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == 'json' else Plain())
    handler.addFilter(Trailing())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger('liftlock').setLevel(logging.INFO)
    logging.getLogger(ACCESS).setLevel(logging.INFO if access else logging.WARNING)


def _is_extra(name: str) -> bool:
    return name not in _OWN and name != 'trail' and not name.startswith('_')
