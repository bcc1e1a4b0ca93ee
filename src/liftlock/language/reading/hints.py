"""What to try: the nearest word that would have been right."""

from collections.abc import Iterable
from typing import Final

FEW: Final = 8


def nearest(word: str, allowed: Iterable[str]) -> str:
    """`did you mean 'runs-on'?`, or the allowed words where they are few, or nothing."""
    from difflib import get_close_matches  # only those who made a mistake pay for it

    known = {name.lower(): name for name in allowed}
    if close := get_close_matches(word.lower(), known, n=1):
        return f"did you mean '{known[close[0]]}'?"
    if known and len(known) <= FEW:
        return f'allowed here: {", ".join(sorted(known.values()))}'
    return ''


def quoted(value: object) -> str:
    """For a scalar that is not of the kind that is wanted."""
    if isinstance(value, str) and value.lower() in ('true', 'false', 'yes', 'no', 'on', 'off'):
        word = 'true' if value.lower() in ('true', 'yes', 'on') else 'false'
        return f'write {word}, without quotes'
    if isinstance(value, str) and value.replace('.', '', 1).isdigit():
        return f'write {value}, without quotes'
    return ''
