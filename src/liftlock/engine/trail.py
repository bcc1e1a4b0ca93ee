"""What a line of the log is about: ids of the request, run, job or delivery at hand.

They travel with the task that does the work, and with every task that it begins: whoever writes a
line need not be told.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from liftlock.errors import is_trouble

_IDS: Final[ContextVar[Mapping[str, object]]] = ContextVar('trail', default={})  # noqa: B039 - never changed


def ids() -> Mapping[str, object]:
    return _IDS.get()


def follow(**more: object) -> None:
    """From here on, in this task and in those that it begins."""
    _IDS.set({**_IDS.get(), **more})


def say(text: str, error: BaseException | None = None) -> None:
    """A line for whoever looks after the process, with what is known of it; `error` with its
    traceback. A process that stays keeps a log; others have it on stderr."""
    import logging

    logging.getLogger('liftlock').warning('%s', text, exc_info=error)


def tell(name: str, error: Exception) -> None:
    """What went wrong, in a line; where it was, if that is a bug."""
    say(f'{name}: {error}', None if is_trouble(error) else error)


@contextmanager
def about(**more: object) -> Iterator[None]:
    """As long as this lasts."""
    token = _IDS.set({**_IDS.get(), **more})
    try:
        yield
    finally:
        _IDS.reset(token)
