"""Where a list goes on."""

import base64
import json

import pytest

from liftlock.server.rest import cursors
from liftlock.server.rest.refusals import Malformed


def test_a_cursor_is_read_as_it_was_written() -> None:
    assert cursors.read(cursors.write((7,)), int) == (7,)
    key = (1790000000.1234567, 3, 12)
    assert cursors.read(cursors.write(key), float, int, int) == key
    assert cursors.read('', int) == ()


@pytest.mark.parametrize(
    'cursor',
    [
        'x',
        '!!!!',
        'é',
        cursors.write((1, 2)),
        cursors.write((1.5,)),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b'[true]').decode(),
        base64.urlsafe_b64encode(b'[1e999]').decode(),
        base64.urlsafe_b64encode(json.dumps([2**70]).encode()).decode(),
        base64.urlsafe_b64encode(b'[' * 5000).decode(),
    ],
)
def test_what_nobody_has_written_is_no_cursor(cursor: str) -> None:
    with pytest.raises(Malformed):
        cursors.read(cursor, int)


def test_the_next_page_keeps_the_filters_of_this_one() -> None:
    given = [('status', 'failure'), ('cursor', 'old'), ('text', 'a&b')]
    assert cursors.link('/api/v1/runs', given, 'new') == {
        'link': '</api/v1/runs?status=failure&text=a%26b&cursor=new>; rel="next"'
    }
    assert cursors.link('/api/v1/runs', given, None) == {}
