"""`on:` and everything under it."""

from typing import Final

from liftlock.language.grammar.contexts import CALL_OUTPUT, SUBMITTED
from liftlock.language.grammar.shapes import (
    NULL,
    Shape,
    boolean,
    dictionary,
    either,
    filled,
    listing,
    one_or_more,
    record,
    scalar,
    text,
    words,
)

_FILTER: Final = one_or_more(filled())
_BRANCHES: Final = {'branches': _FILTER, 'branches-ignore': _FILTER}
_PATHS: Final = {'paths': _FILTER, 'paths-ignore': _FILTER}
_TAGS: Final = {'tags': _FILTER, 'tags-ignore': _FILTER}

_COMMENT: Final = 'created edited deleted'
_PULL_REQUEST: Final = (
    'assigned unassigned labeled unlabeled opened edited closed reopened synchronize '
    'converted_to_draft locked unlocked enqueued dequeued milestoned demilestoned ready_for_review '
    'review_requested review_request_removed auto_merge_enabled auto_merge_disabled stacked'
)


def _event(activities: str = '', **filters: Shape) -> Shape:
    return either(NULL, _filters({'types': one_or_more(words(*activities.split()))} | filters))


def _filters(keys: dict[str, Shape]) -> Shape:
    return either(NULL, record(keys))


_INPUT_TYPES: Final = ('string', 'boolean', 'number')

CALL_INPUT: Final = record(
    {
        'description': text(),
        'type': words(*_INPUT_TYPES),
        'required': boolean(),
        'default': scalar(SUBMITTED),
    },
    required='type',
)

# `name:` alone is an input without any word on it. GitHub starts such files, its schema does not
# say so; the same is true of a single type of `repository_dispatch` without brackets.
DISPATCH_INPUT: Final = either(
    NULL,
    record(
        {
            'description': text(),
            'type': words(*_INPUT_TYPES, 'environment', 'choice'),
            'required': boolean(),
            'default': scalar(),
            'options': listing(text()),
        }
    ),
)

CALL: Final = _filters(
    {
        'inputs': dictionary(CALL_INPUT),
        'secrets': dictionary(either(NULL, record({'description': text(), 'required': boolean()}))),
        'outputs': dictionary(
            record({'description': text(), 'value': text(CALL_OUTPUT)}, required='value')
        ),
    }
)

EVENTS: Final[dict[str, Shape]] = {
    'branch_protection_rule': _event('created edited deleted'),
    'check_run': _event('completed created rerequested requested_action'),
    'check_suite': _event('completed'),
    'create': NULL,
    'delete': NULL,
    'deployment': NULL,
    'deployment_status': NULL,
    'discussion': _event(
        'created edited deleted transferred pinned unpinned labeled unlabeled locked unlocked '
        'category_changed answered unanswered'
    ),
    'discussion_comment': _event(_COMMENT),
    'fork': NULL,
    'gollum': NULL,
    'image_version': _event('created ready deleted', names=_FILTER, versions=_FILTER),
    'issue_comment': _event(_COMMENT),
    'issues': _event(
        'opened edited deleted transferred pinned unpinned closed reopened assigned unassigned '
        'labeled unlabeled locked unlocked milestoned demilestoned field_added field_removed typed '
        'untyped'
    ),
    'label': _event('created edited deleted'),
    'merge_group': _event('checks_requested', **_BRANCHES),
    'milestone': _event('created closed opened edited deleted'),
    'page_build': NULL,
    'project': _event('created closed reopened edited deleted'),
    'project_card': _event('created moved converted edited deleted'),
    'project_column': _event('created updated moved deleted'),
    'public': NULL,
    'pull_request': _event(_PULL_REQUEST, **_BRANCHES, **_PATHS),
    'pull_request_comment': _event(_COMMENT),
    'pull_request_review': _event('submitted edited dismissed'),
    'pull_request_review_comment': _event(_COMMENT),
    'pull_request_target': _event(_PULL_REQUEST, **_BRANCHES, **_PATHS),
    'push': _filters({**_BRANCHES, **_TAGS, **_PATHS}),
    'registry_package': _event('published updated'),
    'release': _event('published unpublished created edited deleted prereleased released'),
    'repository_dispatch': _filters({'types': one_or_more(filled())}),
    'schedule': listing(record({'cron': filled(), 'timezone': filled()}, required='cron')),
    'status': NULL,
    'watch': _event('started'),
    'workflow_call': CALL,
    'workflow_dispatch': _filters({'inputs': dictionary(DISPATCH_INPUT)}),
    'workflow_run': _event('requested completed in_progress', workflows=_FILTER, **_BRANCHES),
}

_NAME: Final = words(*EVENTS)

ON: Final = either(_NAME, listing(_NAME), record(EVENTS))
