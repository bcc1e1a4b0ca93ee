"""Numbers as people read them; times as they stand on the clock here."""

from liftlock.language.figures import count as count
from liftlock.language.figures import duration as duration
from liftlock.language.figures import size as size
from liftlock.language.figures import span as span


def moment(at: float, now: float) -> str:
    """The time of the day, here; with the date if it is not today's. Both in seconds since 1970."""
    import time

    then, today = time.localtime(at), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime('%H:%M:%S', then)
    return time.strftime('%d %b %H:%M' if then[0] == today[0] else '%d %b %Y', then)
