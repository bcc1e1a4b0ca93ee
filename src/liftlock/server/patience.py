"""How often somebody may be wrong: failures within a while, by address and by everybody."""

from collections import deque
from typing import Final

WHILE: Final = 60.0  # seconds
MOST: Final = 5  # failures of one address
MOST_OF_ALL: Final = 50  # of all together, from however many addresses
REMEMBERED: Final = 10_000  # addresses


class Patience:
    def __init__(self) -> None:
        self._failures: dict[str, deque[float]] = {}

    def left(self, address: str, now: float) -> float:
        """Seconds until the next attempt is heard; 0.0: it is."""
        return max(self._wait(address, MOST, now), self._wait('', MOST_OF_ALL, now))

    def failed(self, address: str, now: float) -> None:
        if len(self._failures) > REMEMBERED:
            self._failures = {'': self._failures.get('', deque())}
        for name, most in ((address, MOST), ('', MOST_OF_ALL)):
            self._failures.setdefault(name, deque(maxlen=most)).append(now)

    def _wait(self, name: str, most: int, now: float) -> float:
        known = self._failures.get(name, ())
        recent = [at for at in known if at > now - WHILE]
        return recent[0] + WHILE - now if len(recent) >= most else 0.0
