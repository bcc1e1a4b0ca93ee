"""References to images, and where Amazon's registry keeps them. Pure."""

import re
from typing import Final

from liftlock.language.records import NamedTuple

_ECR: Final = re.compile(
    r'(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.'
    r'(?:amazonaws\.com(?:\.cn)?|on\.aws)/(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?'
)
PINNED: Final = re.compile(r'.+@sha256:[0-9a-f]{64}')


class Place(NamedTuple):
    """A repository of Amazon's registry."""

    account: str
    region: str
    name: str
    tag: str


def find_place(reference: str) -> Place | None:
    found = _ECR.fullmatch(reference)
    return (
        Place(found['account'], found['region'], found['name'], found['tag'] or '')
        if found
        else None
    )


def repository(reference: str) -> str:
    """Without tag and digest."""
    bare = reference.partition('@')[0]
    head, colon, tag = bare.rpartition(':')
    return head if colon and '/' not in tag else bare
