"""Refusals in the words of each client."""

import json

from liftlock.toolkit.refusal import STATUS, Refused, as_json, as_xml


def test_json_has_the_message_where_old_and_new_clients_look() -> None:
    told = json.loads(as_json(Refused('already_exists', 'it is there')))
    assert told == {'code': 'already_exists', 'msg': 'it is there', 'message': 'it is there'}
    assert Refused('already_exists', '').status == 409


def test_xml_is_escaped() -> None:
    told = as_xml(Refused('no_space', 'a < b & "c"'))
    assert b'<Error><Code>NoSpace</Code><Message>a &lt; b &amp; "c"</Message></Error>' in told


def test_clients_try_again_only_where_it_may_help() -> None:
    retried = {500, 502, 503, 504, 429}
    assert {code for code, status in STATUS.items() if status in retried} == {'internal'}
