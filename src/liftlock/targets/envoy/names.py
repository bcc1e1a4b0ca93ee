"""What things are called within Envoy, so that no two environments or revisions ever share a name
and with it their statistics.

Dots would split the names of statistics, so there are none.
"""

import re
from typing import Final

from liftlock.rollout.trouble import Trouble

_SLUG: Final = re.compile(r'[A-Za-z0-9][A-Za-z0-9_-]*')


def check(slug: str) -> str:
    """It becomes a file's name and a part of Envoy's patterns."""
    if not _SLUG.fullmatch(slug):
        raise Trouble(f"'{slug}' cannot name an environment or a revision of the router")
    return slug


def cluster(environment: str, revision: str) -> str:
    return f'{revision}@{environment}'


def guarded(environment: str, revision: str, fallback: str) -> str:
    """The revision, with another that takes over when nobody of it is healthy."""
    return f'{revision}@{environment}+{fallback}'


def public(environment: str) -> str:
    return environment


def preview(environment: str) -> str:
    return f'{environment}+preview'
