"""How long to wait after a failure: longer each time, and never all at once."""

from typing import Final

FIRST: Final = 5.0  # seconds
LONGEST: Final = 3600.0
SPREAD: Final = 0.2  # up to so much more, and so much less


def pause(failures: int, chance: float, first: float = FIRST, longest: float = LONGEST) -> float:
    """Seconds until another try, after so many failures in a row. `chance` is from 0 to 1."""
    plain = min(first * 2.0 ** min(failures - 1, 60), longest)
    return plain * (1 - SPREAD + 2 * SPREAD * chance)
