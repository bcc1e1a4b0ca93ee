"""What a job must not be able to do, however hard it tries."""

import base64
import hashlib
import json
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import quote

import jwt
import pytest

from liftlock.plan.event import push
from liftlock.store.artifacts import RunArtifacts
from toolkit.stage import Client, Stage, facts_of

ARTIFACTS, CACHES = 'ArtifactService', 'CacheService'
PIPELINES = '/_apis/pipelines/workflows'
CONTAINERS = '/_apis/resources/Containers'
OLD_CACHES = '/_apis/artifactcache'


def save(job: Client, key: str, content: bytes = b'cached', version: str = 'v') -> int:
    """A cache by v2; the status of what went wrong, or of the end."""
    created = job.call(CACHES, 'CreateCacheEntry', key=key, version=version)
    if created.status != 200 or not created.json['ok']:
        return created.status
    assert job.ask('PUT', created.json['signed_upload_url'], content, token='').status == 201
    return job.call(
        CACHES, 'FinalizeCacheEntryUpload', key=key, version=version, size_bytes=str(len(content))
    ).status


def find(job: Client, key: str, version: str = 'v') -> str:
    found = job.call(CACHES, 'GetCacheEntryDownloadURL', key=key, version=version)
    return found.json['matched_key']


# --- tokens


def forged(job: Client, **changes: object) -> str:
    claims = jwt.decode(job.token, options={'verify_signature': False})
    return jwt.encode({**claims, **changes}, 'a secret of somebody else, long enough', 'HS256')


def unsigned(job: Client) -> str:
    claims = jwt.decode(job.token, options={'verify_signature': False})
    return jwt.encode(claims, None, 'none')


def torn(job: Client) -> str:
    head, body, signature = job.token.split('.')
    return f'{head}.{body}.{signature[:-2]}AA'


CLOSED = (
    ('POST', f'/twirp/github.actions.results.api.v1.{ARTIFACTS}/ListArtifacts'),
    ('POST', f'/twirp/github.actions.results.api.v1.{CACHES}/GetCacheEntryDownloadURL'),
    ('GET', f'{PIPELINES}/1/artifacts'),
    ('PUT', f'{CONTAINERS}/a?itemPath=a/b'),
    ('GET', f'{OLD_CACHES}/cache?keys=k&version=v'),
    ('POST', f'{OLD_CACHES}/caches'),
    ('GET', '/idtoken?audience=x'),
)


def nothing(job: Client) -> str:
    return ''


def dots(job: Client) -> str:
    return '..'


def hexadecimal(job: Client) -> str:
    return job.token.encode().hex()


@pytest.mark.parametrize('make', [nothing, dots, hexadecimal, forged, unsigned, torn])
def test_only_a_token_of_ours_is_let_in(stage: Stage, make: Callable[[Client], str]) -> None:
    job = stage.job()
    token = make(job)
    answers = {url: job.ask(method, url, b'{}', token=token).status for method, url in CLOSED}
    assert answers == {url: 401 for _, url in CLOSED}


def test_a_token_is_good_while_its_job_runs_and_no_longer(stage: Stage) -> None:
    job = stage.job()
    assert job.upload('out', b'PK\5\6' + bytes(18)).status == 200
    url = job.call(ARTIFACTS, 'GetSignedArtifactURL', name='out').json['signed_url']
    sending = job.call(ARTIFACTS, 'CreateArtifact', name='more').json['signed_upload_url']
    assert job.ask('GET', url, token='').status == 200
    stage.end_job()
    other = stage.job()
    assert job.call(ARTIFACTS, 'ListArtifacts').status == 401
    assert other.ask('GET', url, token='').status == 403
    assert other.ask('PUT', sending, b'x', token='').status == 403
    assert stage.unfinished() == []


def test_a_token_lasts_as_long_as_its_job_may(stage: Stage) -> None:
    job = stage.job()
    lasts = jwt.decode(job.token, options={'verify_signature': False})['exp'] - time.time()
    assert 6 * 3600 < lasts < 8 * 3600, 'as long as the job may take, and a little more'


def test_tokens_say_nothing_but_who_the_job_is(stage: Stage) -> None:
    claims = jwt.decode(stage.job().token, options={'verify_signature': False})
    assert set(claims) == {'ac', 'aud', 'exp', 'iat', 'iss', 'jti', 'nbf', 'scp'}
    scope = next(one for one in claims['scp'].split() if one.startswith('Actions.Results:'))
    assert scope.split(':') == ['Actions.Results', str(stage.run), claims['jti']]
    assert json.loads(claims['ac']) == [{'Scope': 'refs/heads/main', 'Permission': 3}]


# --- other runs, other repositories, other branches


def test_another_run_is_out_of_reach(stage: Stage) -> None:
    job = stage.job()
    assert job.upload('secret', b'PK\5\6' + bytes(18)).status == 200
    other = stage.job(run=stage.submit())
    assert other.call(ARTIFACTS, 'ListArtifacts').json == {'artifacts': []}
    assert other.call(ARTIFACTS, 'GetSignedArtifactURL', name='secret').status == 404
    assert other.call(ARTIFACTS, 'DeleteArtifact', name='secret').status == 404
    for method in ('ListArtifacts', 'GetSignedArtifactURL', 'DeleteArtifact', 'CreateArtifact'):
        lying = other.call(ARTIFACTS, method, name='secret', workflow_run_backend_id=str(job.run))
        assert lying.status == 403
    assert other.ask('GET', f'{PIPELINES}/{job.run}/artifacts').status == 403
    assert other.ask('POST', f'{PIPELINES}/{job.run}/artifacts', b'{"Name": "x"}').status == 403
    assert other.ask('GET', f'{CONTAINERS}/secret?itemPath=secret').json['count'] == 0


def test_caches_of_another_repository_are_out_of_reach(stage: Stage) -> None:
    assert save(stage.job(), 'key') == 200
    other = push(facts_of()._replace(owner='mallory'))
    thief = stage.job(run=stage.submit('mallory/demo'), event=other)
    assert find(thief, 'key') == ''
    assert thief.ask('GET', f'{OLD_CACHES}/cache?keys=key&version=v').status == 204
    assert save(thief, 'key') == 200, 'its own, of the same name'


def test_a_branch_cannot_poison_another(stage: Stage) -> None:
    assert save(stage.job(event=push(facts_of('evil'))), 'key') == 200
    assert find(stage.job(), 'key') == ''
    assert find(stage.job(event=push(facts_of('mine'))), 'key') == ''


def test_a_job_cannot_finish_what_another_has_begun(stage: Stage) -> None:
    one, other = stage.job(), stage.job()
    assert one.call(ARTIFACTS, 'CreateArtifact', name='out').status == 200
    assert other.call(ARTIFACTS, 'FinalizeArtifact', name='out', size='0').status == 404
    number = one.ask('POST', f'{OLD_CACHES}/caches', b'{"key": "k", "version": "v"}').json[
        'cacheId'
    ]
    sent = other.ask('PATCH', f'{OLD_CACHES}/caches/{number}', b'evil', Content_Range='bytes 0-3/*')
    assert sent.status == 404


# --- signed addresses


@pytest.mark.parametrize(
    ('change', 'by'),
    [
        (r'sig=[0-9a-f]+', 'sig=' + '0' * 64),
        (r'sig=[0-9a-f]+', 'sig='),
        (r'&sig=[0-9a-f]+', ''),
        (r'se=\d+', f'se={10**10}'),
        (r'se=\d+', 'se=1'),
        (r'se=\d+', f'se={"9" * 5000}'),
        (r'se=\d+', 'se=٣'),
        (r'/0/', '/1/'),
        (r'/artifact.zip', '/artifact'),
        (r'/blobs/[0-9a-f]+/', '/blobs/../'),
    ],
)
def test_a_signed_address_cannot_be_changed(stage: Stage, change: str, by: str) -> None:
    job = stage.job()
    url = job.call(ARTIFACTS, 'CreateArtifact', name='out').json['signed_upload_url']
    changed = re.sub(change, by, url)
    assert changed != url
    assert job.ask('PUT', quote(changed, safe=':/?&='), b'x', token='').status in (403, 404)


def test_an_address_for_reading_is_not_for_writing(stage: Stage) -> None:
    job = stage.job()
    assert job.upload('out', b'PK\5\6' + bytes(18)).status == 200
    reading = job.call(ARTIFACTS, 'GetSignedArtifactURL', name='out').json['signed_url']
    writing = job.call(ARTIFACTS, 'CreateArtifact', name='more').json['signed_upload_url']
    assert job.ask('PUT', reading, b'evil', token='').status == 403
    assert job.ask('GET', writing, token='').status == 403


def test_nobody_writes_to_what_is_kept_already(stage: Stage) -> None:
    """Not by a range that is still arriving when the upload is finished, and not by a late one."""
    job = stage.job()
    number = job.ask('POST', f'{OLD_CACHES}/caches', b'{"key": "k", "version": "v"}').json[
        'cacheId'
    ]
    url = f'{OLD_CACHES}/caches/{number}'
    assert job.ask('PATCH', url, b'good', Content_Range='bytes 0-3/*').status == 204
    slow = SlowRange(job, url)
    assert job.ask('POST', url, b'{"size": 4}').status == 400, 'somebody is still writing'
    slow.end()
    assert job.ask('POST', url, b'{"size": 4}').status == 204
    assert job.ask('PATCH', url, b'evil', Content_Range='bytes 0-3/*').status == 404
    with stage.store.reading() as sql:
        ((digest,),) = sql.execute('SELECT digest FROM caches').fetchall()
    kept = RunArtifacts(stage.store, stage.run).file(digest).read_bytes()
    assert hashlib.sha256(kept).hexdigest() == digest, 'named by what is in it, whatever that is'


class SlowRange:
    """A range that is said to have four bytes, of which two come now and two at the end."""

    def __init__(self, job: Client, url: str) -> None:
        import socket
        from urllib.parse import urlsplit

        parts = urlsplit(job.origin)
        assert parts.hostname is not None
        assert parts.port is not None
        self._socket = socket.create_connection((parts.hostname, parts.port), 10)
        head = (
            f'PATCH {url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {job.token}\r\n'
            'Content-Range: bytes 0-3/*\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n'
        )
        self._socket.sendall(head.encode())
        assert self._socket.recv(99).startswith(b'HTTP/1.1 100'), 'it is being read'
        self._socket.sendall(b'ev')

    def end(self) -> None:
        self._socket.sendall(b'il')
        assert self._socket.recv(99).startswith(b'HTTP/1.1 204')
        self._socket.close()


# --- paths


@pytest.mark.parametrize(
    'path',
    [
        'out/../../evil', 'out/..', '../evil', '/etc/passwd', 'out//etc/passwd', 'other/file',
        'out/a\\..\\b', 'out/\0', 'out/', 'out', '', 'out/./a', 'out/' + 'a/' * 3000 + 'b',
    ],
)  # fmt: skip
def test_files_cannot_be_put_outside_of_their_artifact(stage: Stage, path: str) -> None:
    job = stage.job()
    assert job.ask('POST', f'{PIPELINES}/{job.run}/artifacts', b'{"Name": "out"}').status == 201
    url = f'{CONTAINERS}/out?itemPath={quote(path, safe="")}'
    assert job.ask('PUT', url, b'evil', Content_Range='bytes 0-3/4').status == 400
    assert stage.unfinished() == []


@pytest.mark.parametrize('name', ['..', '.', 'a/b', '../a', 'a\\b', 'a\0b', '', 'x' * 300])
def test_names_that_could_lead_elsewhere_are_refused(stage: Stage, name: str) -> None:
    job = stage.job()
    assert job.upload(name, b'PK\5\6' + bytes(18)).status == 400
    body = json.dumps({'Name': name}).encode()
    answer = job.ask('POST', f'{PIPELINES}/{job.run}/artifacts', body)
    if answer.status == 201:
        url = f'{PIPELINES}/{job.run}/artifacts?artifactName={quote(name)}'
        assert job.ask('PATCH', url, b'{"Size": 0}').status == 400
    assert job.told == []
    assert job.call(ARTIFACTS, 'ListArtifacts').json == {'artifacts': []}


# --- content


def test_an_artifact_must_be_what_it_is_said_to_be(stage: Stage) -> None:
    job = stage.job()
    url = job.call(ARTIFACTS, 'CreateArtifact', name='out').json['signed_upload_url']
    content = b'PK\5\6' + bytes(18)
    assert job.ask('PUT', url, content, token='').status == 201
    for wrong in ({'size': '3'}, {'hash': 'sha256:' + '0' * 64}, {'size': 'x'}, {'size': '-1'}):
        assert job.call(ARTIFACTS, 'FinalizeArtifact', name='out', **wrong).status == 400
    digest = hashlib.sha256(content).hexdigest()
    right = {'size': str(len(content)), 'hash': f'sha256:{digest}'}
    assert job.call(ARTIFACTS, 'FinalizeArtifact', name='out', **right).json['ok']


def test_what_is_no_archive_is_not_kept_as_one(stage: Stage) -> None:
    job = stage.job()
    answer = job.upload('out', b'hello')
    assert (answer.status, job.told) == (400, [])
    assert 'no zip archive' in answer.json['msg']


def test_a_file_is_sent_under_the_type_it_was_given_and_no_other(stage: Stage) -> None:
    job = stage.job()
    for mime in ('text/html\r\nx: y', 'text', 'a/b/c', 'ä/b', '/'):
        assert job.call(ARTIFACTS, 'CreateArtifact', name='x', mime_type=mime).status == 400
    assert job.upload('a"b\'.html', b'<p>', mime_type='text/html').status == 400, 'a quote is odd'
    assert job.upload("it's ü.html", b'<p>', mime_type='text/html').status == 200
    url = job.call(ARTIFACTS, 'GetSignedArtifactURL', name="it's ü.html").json['signed_url']
    sent = job.ask('GET', url, token='')
    assert sent.headers['content-type'] == 'text/html'
    assert sent.headers['x-content-type-options'] == 'nosniff'
    assert sent.headers['content-disposition'] == (
        'attachment; filename="it_s _.html"; filename*=UTF-8\'\'it%27s%20%C3%BC.html'
    )


def test_a_gzipped_file_cannot_grow_beyond_what_was_announced(stage: Stage) -> None:
    import gzip

    bomb = gzip.compress(bytes(10_000_000))
    job = stage.job()
    job.ask('POST', f'{PIPELINES}/{job.run}/artifacts', b'{"Name": "out"}')
    sent = job.ask(
        'PUT', f'{CONTAINERS}/out?itemPath=out%2Fbomb', bomb, Content_Encoding='gzip',
        Content_Range=f'bytes 0-{len(bomb) - 1}/{len(bomb)}', x_tfs_filelength='5',
    )  # fmt: skip
    assert sent.status == 200
    ended = job.ask('PATCH', f'{PIPELINES}/{job.run}/artifacts?artifactName=out', b'{}')
    assert (ended.status, job.told, stage.unfinished()) == (400, [], [])


@pytest.mark.parametrize(
    'body', [b'', b'x', b'[]', b'[' * 50_000, b'{"name": 5}', b'{"name": ["a"]}', b'\xff']
)
def test_rubbish_is_refused_and_not_a_bug(stage: Stage, body: bytes) -> None:
    job = stage.job()
    for method in ('CreateArtifact', 'FinalizeArtifact', 'ListArtifacts'):
        url = f'/twirp/github.actions.results.api.v1.{ARTIFACTS}/{method}'
        assert job.ask('POST', url, body).status == 400
    assert job.ask('POST', f'{OLD_CACHES}/caches', body).status == 400
    assert job.ask('POST', f'{PIPELINES}/{job.run}/artifacts', body).status == 400


def test_a_request_larger_than_any_is_not_read_into_memory(stage: Stage) -> None:
    job = stage.job()
    url = f'/twirp/github.actions.results.api.v1.{ARTIFACTS}/ListArtifacts'
    assert job.ask('POST', url, b'{"a": "' + b'x' * 200_000 + b'"}').status == 413


@pytest.mark.parametrize(
    ('method', 'url'),
    [
        ('POST', '/twirp/github.actions.results.api.v1.ArtifactService/Nonsense'),
        ('POST', '/twirp/nonsense/CreateArtifact'),
        ('GET', '/'),
        ('GET', '/blobs/../../etc/passwd'),
        ('DELETE', f'{PIPELINES}/1/artifacts'),
        ('GET', f'{OLD_CACHES}/caches/99999999999999999999'),
    ],
)
def test_what_there_is_not_is_told_in_json(stage: Stage, method: str, url: str) -> None:
    answer = stage.job().ask(method, url, b'{}')
    assert answer.status == 404
    assert answer.body.startswith((b'{', b'<?xml'))


def test_two_that_upload_under_one_name_at_once_get_one_artifact(stage: Stage) -> None:
    jobs, answers = [stage.job(), stage.job()], list[int]()
    content = b'PK\5\6' + bytes(18)

    def upload(job: Client) -> None:
        answers.append(job.upload('out', content).status)

    threads = [threading.Thread(target=upload, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]
    assert sum(len(job.told) for job in jobs) == 1


def test_two_that_save_under_one_key_at_once_get_one_cache(stage: Stage) -> None:
    one, other = stage.job(), stage.job()
    first = one.call(CACHES, 'CreateCacheEntry', key='k', version='v').json
    assert first['ok']
    assert other.call(CACHES, 'CreateCacheEntry', key='k', version='v').status == 409
    assert other.ask('POST', f'{OLD_CACHES}/caches', b'{"key": "k", "version": "v"}').status == 409
    assert save(other, 'k', version='w') == 200, 'another version is another cache'
    stage.end_job()
    assert save(one, 'k') == 200, 'whoever reserved it may begin again'


def test_a_key_is_free_again_when_the_job_that_reserved_it_has_ended(stage: Stage) -> None:
    dead = stage.job()
    dead.call(CACHES, 'CreateCacheEntry', key='k', version='v')
    stage.end_job()
    assert save(stage.job(), 'k') == 200


def test_block_names_are_base64_and_lists_hold_nothing_else(stage: Stage) -> None:
    job = stage.job()
    url = job.call(ARTIFACTS, 'CreateArtifact', name='out').json['signed_upload_url']
    block = base64.b64encode(b'0').decode()
    for name in ('', '!', '%00', base64.b64encode(b'x' * 65).decode(), '../../x'):
        assert (
            job.ask('PUT', f'{url}&comp=block&blockid={quote(name)}', b'x', token='').status == 400
        )
    assert job.ask('PUT', f'{url}&comp=block&blockid={quote(block)}', b'x', token='').status == 201
    for listed in (
        b'', b'<BlockList><Latest>!</Latest></BlockList>',
        b'<!DOCTYPE x [<!ENTITY a "b">]><BlockList><Latest>&a;</Latest></BlockList>',
        b'<BlockList><Latest>MA==</Committed></BlockList>',
        b'<BlockList><Latest>MA==</Latest><Latest>MQ==</Latest></BlockList>',
    ):  # fmt: skip
        assert job.ask('PUT', f'{url}&comp=blocklist', listed, token='').status == 400, listed
    whole = f'<BlockList><Latest>{block}</Latest></BlockList>'.encode()
    assert job.ask('PUT', f'{url}&comp=blocklist', whole, token='').status == 201
