from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liftlock.plan.masking import Masker, Stream


def masker(*values: str) -> Masker:
    made = Masker()
    for value in values:
        made.add(value)
    return made


@pytest.mark.parametrize(
    ('secrets', 'text', 'shown'),
    [
        (['hunter2'], 'password hunter2!', 'password ***!'),
        (['abc', 'cde'], 'xabcdex', 'x***x'),  # they overlap
        (['abc', 'def'], 'xabcdefx', 'x***x'),  # they touch
        (['abc', 'def'], 'xabc defx', 'x*** ***x'),
        (['aa'], 'aaa b', '*** b'),  # one value overlaps itself
        (['ab', 'abcd'], 'abcd', '***'),
        (['  padded  '], 'was padded here', 'was *** here'),
        (['one\n  two  \n\nthree'], 'one, two, three', '***, ***, ***'),
        ([''], 'nothing', 'nothing'),
        (['1'], '2024-11', '2024-***'),  # there is no minimum length
    ],
)
def test_what_is_hidden(secrets: list[str], text: str, shown: str) -> None:
    assert masker(*secrets).mask(text) == shown


@pytest.mark.parametrize(
    ('secret', 'printed'),
    [
        ('p4ss word', b64encode(b'p4ss word').decode()),
        ('p4ss word', b64encode(b'4ss word').decode()),
        ('p4ss word', b64encode(b'ss word').decode()),
        ('p4ss words', b64encode(b'p4ss words').decode()[:12]),  # with more behind it
        ('say "please"', 'say \\"please\\"'),
        ("it's", "it''s"),
        ('tab\there', 'tab\\there'),
        ('a b&c/ü', 'a%20b%26c%2F%C3%BC'),
        ('<a & b>', '&lt;a &amp; b&gt;'),
        ('"quoted value"', 'quoted value'),
        ('secretpart1&secretpart2', 'secretpart1&'),
        ('secretpart1&secretpart2', 'secretpart2'),
        ('secretpart1&+secretpart2', 'secretpart1&+'),
        ('secretpart1&+secretpart2', 'ecretpart2'),
        ('first\nsecond', b64encode(b'first\nsecond').decode()),
        ('first\nsecond', 'first\\nsecond'),
    ],
)
def test_a_secret_is_hidden_in_its_encodings(secret: str, printed: str) -> None:
    assert masker(secret).mask(f'<{printed}>') == '<***>'


def test_short_pieces_around_an_ampersand_stay_visible() -> None:
    assert masker('a&b').mask('a& b') == 'a& b'


def test_short_quoted_values_keep_their_inner_text_visible() -> None:
    assert masker('"quoted"').mask('quoted') == 'quoted'


def test_hides_tells_whether_a_text_holds_a_secret() -> None:
    assert masker('abc').hides('xabcx')
    assert not masker('abc').hides('xab cx')


letters = st.text(alphabet='ab ', max_size=40)
secrets = st.lists(st.text(alphabet='ab', min_size=1, max_size=5), max_size=4)


@given(secrets=secrets, text=letters)
def test_no_secret_survives(secrets: list[str], text: str) -> None:
    shown = masker(*secrets).mask(text)
    assert not any(secret in shown for secret in secrets)


@given(secrets=secrets, text=letters)
def test_nothing_else_is_hidden(secrets: list[str], text: str) -> None:
    hidden = [False] * len(text)
    for secret in secrets:
        for at in range(len(text)):
            if text.startswith(secret, at):
                hidden[at : at + len(secret)] = [True] * len(secret)
    kept = ''.join(letter for letter, gone in zip(text, hidden, strict=True) if not gone)
    assert masker(*secrets).mask(text).replace('***', '') == kept


@given(secrets=secrets, pieces=st.lists(letters, max_size=6))
def test_a_stream_in_pieces_is_hidden_like_the_whole(secrets: list[str], pieces: list[str]) -> None:
    made = masker(*secrets)
    stream = Stream(made)
    shown = ''.join(stream.feed(piece) for piece in pieces) + stream.finish()
    assert shown == made.mask(''.join(pieces))
