"""What rules may ask for, and the expressions that ask for it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.metadata.dates import format_date
from liftlock.runner.actions.metadata.template import Call, Values, render
from liftlock.runner.workbench import StepFailed

HEADS: Final = 'refs/heads/'
TAGS: Final = 'refs/tags/'
PULLS: Final = 'refs/pull/'
# Events that always are about the last commit of the default branch.
_OF_DEFAULT_BRANCH: Final = ('create', 'discussion', 'issues', 'schedule')


class Facts(NamedTuple):
    """`event` is its name; `short` says how long a short commit is."""

    event: str
    ref: str
    sha: str
    payload: Mapping[str, Any]
    default_branch: str
    now: datetime
    committed: datetime
    short: int = 7

    @property
    def short_sha(self) -> str:
        return self.sha[: self.short]


def expand(text: str, facts: Facts) -> str:
    """With the global expressions. Raises StepFailed."""
    return render(text, _globals(facts)) if '{{' in text else text


def dates(facts: Facts) -> dict[str, Call]:
    def make(when: datetime) -> Call:
        def show(arguments: Sequence[str], options: Mapping[str, str]) -> str:
            for key in options:
                if key != 'tz':
                    raise StepFailed(f'Unknown {key} attribute')
            return format_date(when, arguments[0] if arguments else '', options.get('tz', 'UTC'))

        return show

    return {'date': make(facts.now), 'commit_date': make(facts.committed)}


def _globals(facts: Facts) -> Values:
    ref = facts.ref
    of_default = _is_default_branch(facts)
    return {
        'branch': ref.removeprefix(HEADS) if ref.startswith(HEADS) else '',
        'tag': ref.removeprefix(TAGS) if ref.startswith(TAGS) else '',
        'sha': facts.short_sha,
        'base_ref': _base_ref(facts),
        'is_default_branch': 'true' if of_default else 'false',
        'is_not_default_branch': 'false' if of_default else 'true',
        **dates(facts),
    }


def _base_ref(facts: Facts) -> str:
    if facts.ref.startswith(TAGS) and facts.payload.get('base_ref'):
        return str(facts.payload['base_ref']).removeprefix(HEADS)
    if facts.ref.startswith(PULLS):
        request = facts.payload.get('pull_request') or {}
        return str((request.get('base') or {}).get('ref') or '')
    return ''


def _is_default_branch(facts: Facts) -> bool:
    branch = facts.ref.removeprefix(HEADS)
    if not branch:
        return False
    known = (facts.payload.get('repository') or {}).get('default_branch')
    return known == branch or any(name in facts.event for name in _OF_DEFAULT_BRANCH)
