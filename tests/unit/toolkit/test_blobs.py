"""Lists of blocks, ranges of ids, and names of files in headers."""

import pytest

from liftlock.toolkit.blobs import block_list, block_name
from liftlock.toolkit.pipelines import item_path
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.sending import disposition

HEAD = b'<?xml version="1.0" encoding="utf-8"?>'


@pytest.mark.parametrize(
    ('body', 'names'),
    [
        (b'<BlockList></BlockList>', []),
        (b'<BlockList/>', []),
        (b'<BlockList><Latest>MA==</Latest><Latest>MQ==</Latest></BlockList>', ['MA==', 'MQ==']),
        (HEAD + b'<BlockList>\n  <Uncommitted> MA== </Uncommitted>\n</BlockList>\n', ['MA==']),
        (
            b'<BlockList><Committed>Mg==</Committed><Latest>MA==</Latest></BlockList>',
            ['Mg==', 'MA=='],
        ),
    ],
)
def test_a_list_of_blocks_is_read_in_its_order(body: bytes, names: list[str]) -> None:
    assert block_list(body) == names


@pytest.mark.parametrize(
    'body',
    [
        b'',
        b'MA==',
        b'<BlockList><Latest>a b</Latest></BlockList>',
        b'<BlockList><Latest>&amp;</Latest></BlockList>',
        b'<BlockList><Latest>MA==</Uncommitted></BlockList>',
        b'<BlockList><Other>MA==</Other></BlockList>',
        b'<!DOCTYPE a><BlockList></BlockList>',
    ],
)
def test_what_is_no_list_of_blocks_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        block_list(body)


def test_ids_of_blocks_are_base64() -> None:
    assert block_name('MDAwMDA=') == 'MDAwMDA='
    for wrong in ('', '=', 'a', '%%%%', 'MDAwMDA', 'x' * 4000, 'ä==='):
        with pytest.raises(Refused):
            block_name(wrong)


def test_a_path_in_an_artifact_stays_in_it() -> None:
    assert item_path('out', 'out/a') == 'a'
    assert item_path('out', 'out/a b/.c/d..e') == 'a b/.c/d..e'
    for wrong in ('out', 'out/', '/a', 'a', 'out/../a', 'out/a/..', 'out//a', 'out/a\\b', 'out/.'):
        with pytest.raises(Refused):
            item_path('out', wrong)


def test_a_name_is_told_twice() -> None:
    assert disposition('a.txt') == 'attachment; filename="a.txt"; filename*=UTF-8\'\'a.txt'
    assert '\r' not in disposition('a\r\nx: "y"/../ä')
    assert disposition('ä"/').endswith("UTF-8''%C3%A4%22%2F")
