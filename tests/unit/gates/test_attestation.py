import json
from typing import Any

import pytest

from envelopes import PREDICATE, SHA, SLSA, Signer, envelope, statement
from liftlock.gates.attestation import Expected, Refused, Undecided, Verdict, Verified, judge
from liftlock.gates.envelopes import parse, read_keys

ONE = Signer()
KEYS = read_keys(ONE.public)
DIGESTS = {'sha256': '1' * 64, 'sha512': '2' * 128}


def verdict(*signed: dict[str, Any], **expected: str) -> Verdict:
    found = [one for each in signed for one in parse(json.dumps(each))]
    return judge(found, KEYS, DIGESTS, Expected(**expected))


def judged(content: dict[str, Any] | bytes, **expected: str) -> str:
    """`` if it is verified, else the reason."""
    match verdict(envelope(ONE, content), **expected):
        case Verified():
            return ''
        case Refused((reason,)):
            return reason
        case other:
            return str(other)


def test_what_is_signed_about_the_file_is_verified() -> None:
    assert verdict(envelope(ONE, statement('1' * 64))) == Verified('app.whl', SLSA, PREDICATE)


def test_one_of_several_statements_is_enough() -> None:
    other, right = envelope(ONE, statement('9' * 64)), envelope(ONE, statement('1' * 64))
    assert isinstance(verdict(other, right), Verified)
    refused = verdict(other, envelope(Signer(), statement('1' * 64)))
    assert refused == Refused(
        (
            'it is about something else: none of its subjects has this digest',
            'it was changed after it was signed, or signed with another key',
        )
    )


def test_without_statements_nothing_can_be_said() -> None:
    assert verdict() == Undecided('nothing was signed about it')


def test_what_a_certificate_signed_cannot_be_judged_by_a_key() -> None:
    bundle = {
        'verificationMaterial': {'certificate': {'rawBytes': ''}},
        'dsseEnvelope': envelope(Signer(), statement('1' * 64)),
    }
    found = verdict(bundle)
    assert isinstance(found, Undecided)
    assert 'gh attestation verify' in found.reason


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b'hello', 'the statement is no JSON'),
        (b'{"_type": 1, "_type": 2}', 'a key is there twice'),
        (b'[]', 'it is no in-toto statement'),
        (statement('1' * 64, _type='https://in-toto.io/Statement/v9'), 'no in-toto statement'),
        (statement('9' * 64), 'it is about something else'),
        (statement('1' * 64, subject=[]), 'it is about something else'),
        (statement('1' * 64, subject='x'), 'it is about something else'),
        (statement('1' * 64, subject=[{'digest': {'md5': '1'}}]), 'it is about something else'),
        (statement('1' * 64, subject=[{'digest': {}}]), 'it is about something else'),
        (statement('1' * 64, predicateType='x'), f'it states x, not {SLSA}'),
        (statement('1' * 64, predicate=None), 'it states nothing'),
    ],
)
def test_what_does_not_hold_says_why(content: dict[str, Any] | bytes, reason: str) -> None:
    assert reason in judged(content)


def test_what_is_signed_must_be_a_statement() -> None:
    found = verdict(envelope(ONE, statement('1' * 64), 'application/json'))
    assert isinstance(found, Refused)
    assert 'what is signed is "application/json"' in found.reasons[0]
    unsigned = {**envelope(ONE, statement('1' * 64)), 'signatures': []}
    assert verdict(unsigned) == Refused(('nobody has signed it',))


def test_a_right_digest_beside_a_wrong_one_is_wrong() -> None:
    both = {'sha256': '1' * 64, 'sha512': '3' * 128}
    assert 'something else' in judged(statement('', subject=[{'name': 'x', 'digest': both}]))
    both['sha512'] = '2' * 128
    assert judged(statement('', subject=[{'name': 'x', 'digest': both}])) == ''


@pytest.mark.parametrize(
    'expected',
    [
        {'repository': 'acme/shop'},
        {'repository': 'Acme/Shop'},
        {'repository': 'github.com/acme/shop'},
        {'repository': 'https://github.com/acme/shop.git'},
        {'workflow': 'release.yml'},
        {'workflow': '.github/workflows/release.yml'},
        {'ref': 'v1'},
        {'ref': 'refs/tags/v1'},
        {'source_digest': SHA},
        {'builder': 'sandbox'},
        {'builder': 'urn:liftlock:builder:sandbox'},
    ],
)
def test_what_is_expected_may_be_named_as_people_do(expected: dict[str, str]) -> None:
    assert judged(statement('1' * 64), **expected) == ''


@pytest.mark.parametrize(
    ('expected', 'reason'),
    [
        (
            {'repository': 'acme/sho'},
            'the repository is https://github.com/acme/shop, not acme/sho',
        ),
        ({'repository': 'shop'}, 'not shop'),
        ({'repository': 'https://git.example.org/acme/shop'}, 'not https://git.example.org'),
        ({'workflow': 'ci.yml'}, 'the workflow is .github/workflows/release.yml, not ci.yml'),
        ({'ref': 'main'}, 'the ref is refs/tags/v1, not main'),
        ({'ref': '1'}, 'not 1'),
        ({'source_digest': 'b' * 40}, f'the commit is {SHA}'),  # that of an action
        ({'source_digest': SHA[:7]}, 'the commit is'),
        ({'builder': 'host'}, 'the builder is urn:liftlock:builder:sandbox, not host'),
    ],
)
def test_what_is_not_as_expected_is_refused(expected: dict[str, str], reason: str) -> None:
    assert reason in judged(statement('1' * 64), **expected)


@pytest.mark.parametrize('name', ['repository', 'workflow', 'ref', 'source_digest', 'builder'])
def test_what_is_not_told_is_not_as_expected(name: str) -> None:
    content = statement('1' * 64, predicate={'buildDefinition': []})
    assert 'is not told' in judged(content, **{name: 'x'})


def test_another_kind_of_statement_must_be_asked_for() -> None:
    kind = 'https://cyclonedx.org/bom'
    content = statement('1' * 64, predicateType=kind)
    assert judged(content, predicate_type=kind) == ''
