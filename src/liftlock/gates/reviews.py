"""Whose approvals count, and how many are lacking.

An approval is for one commit and one text of the workflow and `liftlock.yml`: whoever gave it has
seen nothing else. It counts once a person, and only of those who were asked. Names of people and
teams compare without regard to case, and `@` before one means nothing.
"""

from collections.abc import Mapping, Sequence

from liftlock.language.records import NamedTuple
from liftlock.language.settings.model import Protection


class Approval(NamedTuple):
    """`settings` is the digest of the texts under which it was given."""

    by: str
    commit: str
    settings: str


class Review(NamedTuple):
    """`people` are those whose approvals count, `eligible` all who may give one, `stale` those
    who approved something else."""

    required: int
    people: tuple[str, ...]
    eligible: frozenset[str]
    stale: tuple[str, ...] = ()

    @property
    def lacking(self) -> int:
        return max(0, self.required - len(self.people))


def review(
    protection: Protection,
    approvals: Sequence[Approval],
    wanted: tuple[str, str],
    own: Sequence[str],
    teams: Mapping[str, Sequence[str]],
) -> Review:
    """`wanted` are the commit and the settings' digest; `own` those who may not approve what is
    theirs, where the protection says so."""
    eligible = reviewers(protection, teams)
    if protection.prevent_self_review:
        eligible -= {_name(one) for one in own}
    required = protection.required if protection.reviewers else 0
    counted = [one for one in approvals if _name(one.by) in eligible]
    good = [one.by for one in counted if (one.commit, one.settings) == wanted]
    stale = [one.by for one in counted if _name(one.by) not in {_name(by) for by in good}]
    return Review(required, _distinct(good), eligible, _distinct(stale))


def reviewers(protection: Protection, teams: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Everybody who is asked, in lower case. What is no team is a person."""
    known = {_name(team): members for team, members in teams.items()}
    found: set[str] = set()
    for one in protection.reviewers:
        name = _name(one)
        members = known.get(name) or known.get(name.rpartition('/')[2])
        found |= {_name(member) for member in members} if members else {name}
    return frozenset(found)


def told(review: Review, protection: Protection) -> str:
    """What is waited for."""
    asked = _listed(protection.reviewers)
    if review.required == 1:
        text = f'waits for an approval of {asked}'
    else:
        there = f', has {_listed(review.people, "and")}' if review.people else ''
        text = f'waits for {review.required} approvals of {asked}{there}'
    if review.stale:
        text += f'; {_listed(review.stale, "and")} approved another commit or other settings'
    if len(review.eligible) < review.required:
        text += f'; {len(review.eligible) or "nobody"} of them may approve what is not their own'
    return text


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple({_name(name): name for name in reversed(names)}.values())[::-1]


def _name(written: str) -> str:
    return written.removeprefix('@').lower()


def _listed(names: Sequence[str], word: str = 'or') -> str:
    *first, last = names
    return f'{", ".join(first)} {word} {last}' if first else last
