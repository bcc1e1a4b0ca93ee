"""Texts of strangers, made safe to show."""

from typing import Final

_CONTROLS: Final = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), '\ufffd')


def harmless(text: str) -> str:
    """A name or a message of somebody's for a terminal: nothing in it moves the cursor."""
    return text if text.isprintable() else text.translate(_CONTROLS)
