"""What a token is confined to."""

import pytest

from liftlock.errors import UserError
from liftlock.store import scopes


@pytest.mark.parametrize(
    ('given', 'needed', 'covered'),
    [
        ((), 'admin', True),
        (('runs:read',), 'runs:read', True),
        (('runs:write',), 'runs:read', True),
        (('runs:read',), 'runs:write', False),
        (('runs:write',), 'deployments:read', False),
        (('admin',), 'runs:read', False),
    ],
)
def test_scopes_cover_what_they_name_and_writing_covers_reading(
    given: tuple[str, ...], needed: str, covered: bool
) -> None:
    assert scopes.covers(given, needed) is covered


def test_scopes_are_told_in_the_order_of_the_table() -> None:
    assert scopes.checked(['secrets:write', 'runs:read', 'runs:read']) == (
        'runs:read',
        'secrets:write',
    )


def test_a_scope_that_there_is_not_is_refused_with_the_nearest() -> None:
    with pytest.raises(UserError) as refused:
        scopes.checked(['run:read'])
    assert 'runs:read' in refused.value.hint
