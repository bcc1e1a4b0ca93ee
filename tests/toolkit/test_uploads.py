"""Bytes in blocks and ranges: in whatever order and however often they come, the file is right."""

import asyncio
import base64
import hashlib
import os
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from liftlock.toolkit import uploads
from liftlock.toolkit.refusal import Refused
from liftlock.toolkit.uploads import Blocks, Incoming
from toolkit.stage import Client, Stage

BLOCK = 300_000


async def chunked(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        await asyncio.sleep(0)  # let the others have their turn
        yield content[start : start + size]


def name(number: int) -> str:
    return base64.b64encode(f'{number:05}'.encode()).decode()


def pieces(count: int = 9) -> list[bytes]:
    return [os.urandom(BLOCK + number) for number in range(count)]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize('order', ['as they are', 'reversed', 'shuffled'])
@pytest.mark.parametrize('at_once', [1, 5])
def test_blocks_may_come_in_any_order(tmp_path: Path, order: str, at_once: int) -> None:
    content = pieces()
    sequence = list(range(len(content)))
    if order != 'as they are':
        sequence.reverse()
    if order == 'shuffled':
        random.Random(1).shuffle(sequence)

    async def scene() -> Blocks:
        blocks, gate = Blocks(tmp_path / 'new', 10**9), asyncio.Semaphore(at_once)

        async def send(number: int) -> None:
            async with gate:
                piece = content[number]
                await blocks.put_block(name(number), len(piece), chunked(piece))

        await asyncio.gather(*map(send, sequence))
        await blocks.commit([name(number) for number in range(len(content))])
        return blocks

    blocks = asyncio.run(scene())
    assert blocks.path.read_bytes() == b''.join(content)
    assert (blocks.size, blocks.digest) == (sum(map(len, content)), sha(b''.join(content)))
    assert [path.name for path in tmp_path.iterdir()] == ['new']


def test_a_block_that_is_sent_again_counts_once_and_the_last_time(tmp_path: Path) -> None:
    async def scene() -> Blocks:
        blocks = Blocks(tmp_path / 'new', 10**9)
        for text in (b'one', b'first', b'1'):
            await blocks.put_block(name(0), len(text), chunked(text))
        await blocks.put_block(name(1), 3, chunked(b'two'))
        await blocks.put_block(name(2), 5, chunked(b'stray'))
        await blocks.commit([name(0), name(1), name(0)])
        return blocks

    blocks = asyncio.run(scene())
    assert blocks.path.read_bytes() == b'1two1'
    assert blocks.digest == sha(b'1two1')


def test_a_list_with_a_block_that_never_came_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        blocks = Blocks(tmp_path / 'new', 10**9)
        await blocks.put_block(name(0), 3, chunked(b'one'))
        with pytest.raises(Refused, match='1 blocks of 2 have not arrived'):
            await blocks.commit([name(0), name(1)])
        await blocks.put_block(name(1), 3, chunked(b'two'))
        await blocks.commit([name(0), name(1)])

    asyncio.run(scene())


def test_a_block_that_breaks_off_is_as_if_it_had_not_come(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b'half'
        raise ConnectionResetError

    async def scene() -> Blocks:
        blocks = Blocks(tmp_path / 'new', 10**9)
        with pytest.raises(ConnectionResetError):
            await blocks.put_block(name(0), 8, broken())
        with pytest.raises(Refused, match='4 bytes of 8 have arrived'):
            await blocks.put_block(name(0), 8, chunked(b'half'))
        with pytest.raises(Refused, match='more has arrived'):
            await blocks.put_block(name(0), 8, chunked(b'twice as much'))
        with pytest.raises(Refused, match='not arrived'):
            await blocks.commit([name(0)])
        await blocks.put_block(name(0), 5, chunked(b'whole'))
        await blocks.commit([name(0)])
        return blocks

    assert asyncio.run(scene()).path.read_bytes() == b'whole'


@pytest.mark.parametrize('ranges', [[(0, 5), (5, 9)], [(5, 9), (0, 5)], [(0, 9)], [(0, 6), (3, 9)]])
def test_ranges_may_come_in_any_order_and_twice(
    tmp_path: Path, ranges: Sequence[tuple[int, int]]
) -> None:
    content = b'cdefghijk'

    async def scene() -> Incoming:
        incoming = Incoming(tmp_path / 'new', 100)
        for start, end in (*ranges, ranges[0]):
            await incoming.put_range(start, end - start, chunked(content[start:end]))
        await incoming.finish(9)
        return incoming

    incoming = asyncio.run(scene())
    assert incoming.path.read_bytes() == content
    assert incoming.digest == sha(content)


@pytest.mark.parametrize('ranges', [[], [(1, 9)], [(0, 4), (5, 9)], [(0, 8)], [(0, 9), (9, 10)]])
def test_a_file_with_a_hole_is_not_complete(
    tmp_path: Path, ranges: Sequence[tuple[int, int]]
) -> None:
    async def scene() -> None:
        incoming = Incoming(tmp_path / 'new', 100)
        for start, end in ranges:
            await incoming.put_range(start, end - start, chunked(bytes(end - start)))
        with pytest.raises(Refused, match='have arrived'):
            await incoming.finish(9)

    asyncio.run(scene())


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    async def scene() -> tuple[Incoming, Blocks]:
        incoming, blocks = Incoming(tmp_path / 'a', 9), Blocks(tmp_path / 'b', 9)
        await incoming.finish(0)
        await blocks.commit([])
        return incoming, blocks

    for one in asyncio.run(scene()):
        assert (one.path.read_bytes(), one.digest) == (b'', sha(b''))


def test_a_discarded_file_takes_nothing_more(tmp_path: Path) -> None:
    async def scene() -> None:
        incoming = Incoming(tmp_path / 'new', 9)
        await incoming.put_range(0, 3, chunked(b'abc'))
        incoming.discard()
        with pytest.raises(Refused, match='over'):
            await incoming.put_range(3, 3, chunked(b'def'))

    asyncio.run(scene())
    assert not list(tmp_path.iterdir())


def test_no_upload_takes_more_than_its_share_or_the_last_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def put(length: int) -> None:
        await Incoming(tmp_path / 'new', 100).put_range(0, length, chunked(bytes(length)))

    with pytest.raises(Refused, match='more than 100 bytes cannot be kept'):
        asyncio.run(put(101))
    space = os.statvfs(tmp_path)
    monkeypatch.setattr(uploads, 'RESERVE', space.f_blocks * space.f_frsize)
    with pytest.raises(Refused, match='the disk of the store has only'):
        asyncio.run(put(100))


# --- over HTTP


def begin(job: Client) -> str:
    created = job.call('ArtifactService', 'CreateArtifact', name='out', mime_type='text/plain')
    url: str = created.json['signed_upload_url']
    return url


def test_a_block_must_say_how_long_it_is(stage: Stage) -> None:
    job = stage.job()
    url = f'{begin(job)}&comp=block&blockid={name(0)}'
    assert job.ask('PUT', url, b'', token='', Content_Length='9' * 20).status == 411
    assert job.ask('PUT', url, b'', token='', Content_Length='5000000000').status == 413
    chunked_body = job.ask('PUT', url, b'0\r\n\r\n', token='', Transfer_Encoding='chunked')
    assert chunked_body.status in (400, 411)


def test_asking_twice_because_the_answer_got_lost_changes_nothing(stage: Stage) -> None:
    job = stage.job()
    url = begin(job)
    assert job.ask('PUT', f'{url}&comp=block&blockid={name(0)}', b'text', token='').status == 201
    listed = f'<BlockList><Latest>{name(0)}</Latest></BlockList>'.encode()
    for _ in range(2):
        assert job.ask('PUT', f'{url}&comp=blocklist', listed, token='').status == 201
    ended = [job.call('ArtifactService', 'FinalizeArtifact', name='out') for _ in range(2)]
    assert ended[0].json == ended[1].json
    assert len(job.told) == 1


def test_an_old_artifact_that_is_finished_twice_is_kept_once(stage: Stage) -> None:
    job = stage.job()
    artifacts = f'/_apis/pipelines/workflows/{job.run}/artifacts'
    assert job.ask('POST', artifacts, b'{"Name": "out"}').status == 201
    url = '/_apis/resources/Containers/out?itemPath=out%2Fa'
    assert job.ask('PUT', url, b'text', Content_Range='bytes 0-3/4').status == 200
    broken = '/_apis/resources/Containers/out?itemPath=out%2Fhalf'
    assert job.ask('PUT', broken, b'text', Content_Range='bytes 0-3/8').status == 200
    ended = [job.ask('PATCH', f'{artifacts}?artifactName=out', b'{}') for _ in range(2)]
    assert ended[0].status == 200
    assert ended[0].body == ended[1].body
    (fact,) = job.told
    assert (fact.name, fact.files) == ('out', 1), 'what did not arrive whole is left out'
    assert stage.unfinished() == []


def test_a_file_is_sent_whole_in_part_or_only_described(stage: Stage) -> None:
    job, text = stage.job(), bytes(range(256)) * 9000
    url = begin(job)
    assert job.ask('PUT', url, text, token='').status == 201
    assert job.call('ArtifactService', 'FinalizeArtifact', name='out').status == 200
    url = job.call('ArtifactService', 'GetSignedArtifactURL', name='out').json['signed_url']

    def get(method: str = 'GET', **headers: str) -> tuple[int, bytes, str]:
        sent = job.ask(method, url, token='', **headers)
        return sent.status, sent.body, sent.headers['content-length']

    assert get() == (200, text, str(len(text)))
    assert get('HEAD') == (200, b'', str(len(text)))
    assert get(Range='bytes=10-19') == (206, text[10:20], '10')
    assert get(x_ms_range=f'bytes={len(text) - 5}-') == (206, text[-5:], '5')
    assert get(Range=f'bytes=9-{10**17}') == (206, text[9:], str(len(text) - 9))
    assert get(Range=f'bytes={len(text)}-')[0] == 416
    assert get(Range='lines=1-2') == (200, text, str(len(text)))
