"""Requests as protobuf's JSON has them."""

from typing import Any

import pytest

from liftlock.toolkit import twirp
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.twirp import Call


def call(**fields: Any) -> Call:
    nobody: Any = None
    return Call(nobody, nobody, fields)


def test_fields_may_be_called_either_way() -> None:
    assert call(workflow_run_backend_id='7').text('workflow_run_backend_id') == '7'
    assert call(workflowRunBackendId='7').text('workflow_run_backend_id') == '7'


def test_whole_numbers_may_be_texts() -> None:
    assert call(size='9007199254740993').number('size') == 9007199254740993
    assert call(size=5).number('size') == 5
    assert call().number('size') is None


@pytest.mark.parametrize('value', ['', '1.5', 'x', '1' * 20, True, 1.5, [], {}, '\uff11'])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(Refused, match='size must be a whole number'):
        call(size=value).number('size')


def test_a_wrapper_is_its_value() -> None:
    assert call(hash='sha256:x').text('hash') == 'sha256:x'
    assert call(hash={'value': 'sha256:x'}).text('hash') == 'sha256:x'
    assert call(id_filter={'value': '7'}).number('id_filter') == 7


def test_a_text_is_needed_unless_there_is_a_default() -> None:
    assert call().text('name', '') == ''
    with pytest.raises(Refused, match='name must be a text'):
        call().text('name')
    with pytest.raises(Refused, match='name must be a text'):
        call(name=5).text('name', '')


def test_lists_hold_texts_only() -> None:
    assert call(restoreKeys=['a', 'b']).texts('restore_keys') == ['a', 'b']
    assert call().texts('restore_keys') == []
    for wrong in ('a', [1], {'value': 5}):
        with pytest.raises(Refused):
            call(restore_keys=wrong).texts('restore_keys')


@pytest.mark.parametrize(
    ('text', 'seconds'),
    [
        ('1970-01-02T00:00:00Z', 86400),
        ('1970-01-02T00:00:00.123456789Z', 86400),
        ('1970-01-02T01:00:00+01:00', 86400),
    ],
)
def test_moments_are_rfc_3339(text: str, seconds: float) -> None:
    assert call(expires_at=text).moment('expires_at') == seconds


@pytest.mark.parametrize('text', ['', 'tomorrow', '1970-13-01T00:00:00Z', '1970-01-01', 5])
def test_what_is_no_moment_is_refused(text: object) -> None:
    with pytest.raises(Refused, match='must be a time'):
        call(expires_at=text).moment('expires_at')


def test_no_moment_is_none() -> None:
    assert call().moment('expires_at') is None


@pytest.mark.parametrize('body', [b'x', b'[]', b'1', b'"a"', b'[' * 100_000, b'\xff', b'{"a": 1'])
def test_a_body_must_be_an_object(body: bytes) -> None:
    with pytest.raises(Refused):
        twirp.parse(body)


def test_an_empty_body_is_an_empty_object() -> None:
    assert twirp.parse(b'') == {}
