"""What stands on a forge, and what is to stand there."""

from collections.abc import Mapping
from typing import Any

from liftlock.language.records import NamedTuple


class Release(NamedTuple):
    """`record` is what the forge says of it; `assets` are its records of the files."""

    id: str
    url: str
    upload_url: str
    tag: str
    name: str
    body: str
    target: str
    draft: bool
    prerelease: bool
    assets: tuple[Mapping[str, Any], ...] = ()


class NewRelease(NamedTuple):
    """`extra` are fields that only GitHub knows: `make_latest`, say."""

    tag: str
    name: str
    body: str
    target: str
    draft: bool = False
    prerelease: bool = False
    extra: Mapping[str, Any] = {}


class Pull(NamedTuple):
    number: int
    url: str
    draft: bool = False


class NewPull(NamedTuple):
    """`head` is the branch, in the repository `head_repository` (owner/name)."""

    title: str
    body: str
    head: str
    head_repository: str
    base: str
    draft: bool = False
    maintainers_may_modify: bool = True


class Decoration(NamedTuple):
    """What is laid on a pull request. `milestone` is a number, or 0."""

    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    milestone: int = 0
