"""Where and when there is something served, and what jobs are told of it."""

import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from liftlock.errors import UserError
from toolkit.stage import Stage, a_job

EMPTY = b'PK\5\6' + bytes(18)


def listening(origin: str) -> bool:
    host, port = origin.removeprefix('http://').rsplit(':', 1)
    try:
        socket.create_connection((host, int(port)), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_job_is_told_of_addresses_that_clients_understand(stage: Stage) -> None:
    told = stage.job(plan=a_job('    permissions: {id-token: write}\n')).variables
    assert set(told) == {
        'ACTIONS_RUNTIME_URL', 'ACTIONS_RUNTIME_TOKEN', 'ACTIONS_CACHE_URL', 'ACTIONS_RESULTS_URL',
        'ACTIONS_CACHE_MODE', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN',
    }  # fmt: skip
    for name in ('ACTIONS_RUNTIME_URL', 'ACTIONS_CACHE_URL', 'ACTIONS_RESULTS_URL'):
        assert told[name].startswith('http://127.0.0.1:'), 'nobody else is to reach it'
        assert told[name].endswith('/'), 'clients append to it'
    assert '?' in told['ACTIONS_ID_TOKEN_REQUEST_URL'], 'clients append &audience='


def test_connections_are_closed_after_every_answer(stage: Stage) -> None:
    job = stage.job()
    for method, url in (('GET', '/'), ('GET', '/.well-known/jwks'), ('GET', '/idtoken')):
        assert job.ask(method, url).headers['connection'] == 'close'


def test_a_job_elsewhere_is_served_on_the_socket_that_was_opened_for_it(stage: Stage) -> None:
    listener = socket.create_server(('127.0.0.2', 0))
    there, here = stage.job(listener=listener), stage.job()
    assert there.origin.startswith('http://127.0.0.2:')
    assert here.origin.startswith('http://127.0.0.1:')
    created = there.call('ArtifactService', 'CreateArtifact', name='x').json
    assert created['signed_upload_url'].startswith(there.origin)
    assert there.upload('out', EMPTY).status == 200
    found = here.call('ArtifactService', 'GetSignedArtifactURL', name='out').json['signed_url']
    assert found.startswith(here.origin), 'everybody gets addresses that he can reach'


def test_the_socket_of_a_job_is_closed_when_it_ends(stage: Stage) -> None:
    stage.job()
    there = stage.job(listener=socket.create_server(('127.0.0.2', 0)))
    assert listening(there.origin)
    stage.end_job()
    end = time.monotonic() + 30
    while listening(there.origin):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_nothing_is_served_any_more_when_the_store_is_closed(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    origin = stage.job().origin
    stage.close()
    end = time.monotonic() + 30
    while listening(origin):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not [path for path in stage.state.iterdir() if path.name.endswith('-wal')]


def test_no_server_is_imported_before_a_job_asks() -> None:
    script = (
        'import sys; from liftlock.cli import running, wiring; '
        'print(*(m for m in sys.modules if m.split(".")[0] in ("uvicorn", "starlette", "jwt", '
        '"cryptography", "h11") or m.startswith("liftlock.toolkit.")))'
    )
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_a_store_that_cannot_be_opened_is_told_to_whoever_wanted_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    try:
        (stage.state / 'liftlock.db').rename(stage.state / 'away')
        (stage.state / 'liftlock.db').mkdir()
        with pytest.raises((UserError, OSError)):
            stage.job()
    finally:
        (stage.state / 'liftlock.db').rmdir()
        (stage.state / 'away').rename(stage.state / 'liftlock.db')
        stage.close()


def test_a_large_upload_holds_up_no_other_request(stage: Stage) -> None:
    job, done = stage.job(), threading.Event()
    content = bytes(120_000_000)

    def upload() -> None:
        assert job.upload('big', content, mime_type='text/plain').status == 200
        done.set()

    thread = threading.Thread(target=upload)
    thread.start()
    longest, asked = 0.0, 0
    while not done.is_set():
        begun = time.monotonic()
        assert stage.job().call('ArtifactService', 'ListArtifacts').status == 200
        longest, asked = max(longest, time.monotonic() - begun), asked + 1
    thread.join()
    assert asked > 1
    assert longest < 20


def test_the_job_hears_of_an_artifact_before_its_client_does(stage: Stage) -> None:
    job = stage.job()
    for number in range(20):
        assert job.upload(f'{number}', EMPTY).status == 200
        assert len(job.told) == number + 1
