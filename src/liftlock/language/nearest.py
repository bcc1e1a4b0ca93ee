"""The known word that was probably meant."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], cutoff: float = 0.6) -> str:
    """The known word most like this one, case aside; '' if none is like it."""
    from difflib import get_close_matches  # only those who made a mistake pay for it

    spellings = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), spellings, n=1, cutoff=cutoff)
    return spellings[close[0]] if close else ''


def suggestion(word: str, known: Iterable[str], otherwise: str = '', cutoff: float = 0.6) -> str:
    """A hint: the nearest word, or else what there is to say without one."""
    near = nearest(word, known, cutoff)
    return f'did you mean "{near}"?' if near else otherwise
