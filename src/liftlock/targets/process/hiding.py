"""Hides secrets in what is shown to people. Pure."""

from collections.abc import Iterable
from typing import Final

from liftlock.rollout.version import Revision

HIDDEN: Final = '***'


def values(revisions: Iterable[Revision]) -> list[str]:
    """What must not be seen, the longest first; of a value of several lines each line too, since
    logs are hidden line by line."""
    found = {
        line.strip()
        for revision in revisions
        for name in revision.secrets
        for line in revision.env.get(name, '').splitlines()
    }
    return sorted(found - {''}, key=len, reverse=True)


def hide(text: str, secrets: Iterable[str]) -> str:
    for value in secrets:
        text = text.replace(value, HIDDEN)
    return text
