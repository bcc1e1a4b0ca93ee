"""Which major version of an action a ref means."""

import re
from typing import Final

NEWEST: Final = 99


def major(ref: str) -> int:
    """`v3`, `v3.1.2` and `3.1` are 3; a commit or a branch is taken for the newest."""
    found = re.fullmatch(r'(?:releases/)?v?(\d{1,3})(?:\.\d+){0,2}(?:[-+].*)?', ref)
    return int(found[1]) if found else NEWEST
