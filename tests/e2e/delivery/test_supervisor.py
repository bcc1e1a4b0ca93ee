"""The process that stays: it is started once, survives whoever started it, and ends by itself."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from liftlock import VERSION
from liftlock.engine.delivery import alive, calls
from liftlock.engine.delivery.lodge import LARGE, Lodge
from liftlock.errors import UserError
from liftlock.rollout import facts as f
from liftlock.rollout.version import Version
from liftlock.store import deliveries, schema
from liftlock.store.database import Store, open_store

LONG: Final = 30.0  # seconds; nothing here takes so long, but on a machine that does other things
LIFTLOCK: Final = (sys.executable, '-m', 'liftlock')


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A directory for a store, whose supervisor is ended when the test is over."""
    directory = tmp_path / 'state'
    yield directory
    end(directory)


def end(state: Path) -> None:
    lodge = Lodge(state)
    if lodge.taken():
        pid = lodge.holder()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not lodge.taken())


def wait_for(condition: Callable[[], Any], patience: float = LONG) -> Any:
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, 'it did not happen in time'
        time.sleep(0.02)
    return found


def gone(pid: int) -> bool:
    """Whether the process has ended; a zombie has."""
    try:
        status = Path(f'/proc/{pid}/stat').read_text()
    except FileNotFoundError:
        return True
    return status.rpartition(')')[2].split()[0] in 'ZX'


def log(state: Path) -> str:
    return Lodge(state).log.read_text()


# --- it lives once


def test_it_is_started_once_and_found_again(state: Path) -> None:
    first = alive.ensure(state)
    assert (first.version, first.started) == (VERSION, True)
    again = alive.ensure(state)
    assert again == first._replace(started=False)
    assert alive.find(state) == again
    assert Lodge(state).holder() == first.pid
    assert f'as process {first.pid}' in log(state)


def test_of_many_that_are_started_at_once_one_lives(state: Path) -> None:
    script = 'import sys; from pathlib import Path; from liftlock.engine.delivery import alive; '
    script += 'print(alive.ensure(Path(sys.argv[1])).pid)'
    command = [sys.executable, '-c', script, str(state)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    found = [child.communicate()[0].strip() for child in children]
    assert [child.returncode for child in children] == [0] * 4
    assert len(set(found)) == 1
    assert log(state).count('supervises') == 1


def test_it_belongs_to_no_terminal_and_to_no_process(state: Path) -> None:
    found = alive.ensure(state)
    status = Path(f'/proc/{found.pid}/stat').read_text().rpartition(')')[2].split()
    parent, group, session, terminal = (int(word) for word in status[1:5])
    assert parent != os.getpid()
    assert session not in (os.getsid(0), found.pid), 'no leader of a session: it gets no terminal'
    assert group != os.getpgid(0)
    assert terminal == 0
    files = [str(Path(f'/proc/{found.pid}/fd/{number}').readlink()) for number in range(3)]
    assert files == ['/dev/null', str(Lodge(state).log), str(Lodge(state).log)]
    assert Path(f'/proc/{found.pid}/cwd').readlink() == Path('/')


def test_it_survives_the_terminal_in_which_it_was_started(state: Path) -> None:
    """The terminal is a pseudo one; closing it sends SIGHUP to everybody in it."""
    import pty

    child, terminal = pty.fork()
    if not child:
        os.execv(sys.executable, [*LIFTLOCK, '--state', str(state), 'supervise'])
    said = b''
    try:
        while b'watches' not in said:
            said += os.read(terminal, 1000)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)
    found = wait_for(lambda: alive.find(state))
    os.kill(found.pid, signal.SIGHUP)
    assert alive.find(state) == found


def test_it_is_not_taken_for_something_that_a_job_left(state: Path) -> None:
    env = {**os.environ, 'RUNNER_TRACKING_ID': 'x', 'GITHUB_TOKEN': 'y', 'LIFTLOCK_KEY_FILE': '/k'}
    subprocess.run(
        [*LIFTLOCK, '--state', str(state), 'supervise'], env=env, check=True, capture_output=True
    )
    found = alive.find(state)
    assert found
    kept = Path(f'/proc/{found.pid}/environ').read_bytes().split(b'\0')
    names = {line.partition(b'=')[0] for line in kept}
    assert not names & {b'RUNNER_TRACKING_ID', b'GITHUB_TOKEN'}
    assert b'LIFTLOCK_KEY_FILE' in names


def test_nobody_else_can_read_what_it_keeps(state: Path) -> None:
    alive.ensure(state)
    for path in (Lodge(state).directory, *Lodge(state).directory.iterdir()):
        assert path.stat().st_mode & 0o077 == 0, path


# --- it ends


def test_it_is_replaced_after_a_kill(state: Path) -> None:
    first = alive.ensure(state)
    os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: gone(first.pid))
    assert Lodge(state).socket.exists(), 'a killed process leaves its socket behind'
    second = alive.ensure(state)
    assert second.started
    assert second.pid != first.pid


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(state: Path, number: signal.Signals) -> None:
    found = alive.ensure(state)
    os.kill(found.pid, number)
    wait_for(lambda: gone(found.pid))
    assert f'ends: {number.name}' in log(state)
    assert not Lodge(state).socket.exists()
    assert not Lodge(state).taken()


def test_it_is_stopped_from_the_command_line(state: Path) -> None:
    found = alive.ensure(state)
    command = [*LIFTLOCK, '--state', str(state), 'supervise', '--stop']
    for word in (f'Process {found.pid} has ended.', 'There was none.'):
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == word
    assert gone(found.pid)
    assert list((state / 'owners').iterdir()) == []


def test_without_anything_to_do_it_ends_by_itself(state: Path) -> None:
    command = [*LIFTLOCK, '--state', str(state), 'supervise', '--foreground', '--idle', '0.3']
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)
    assert done.returncode == 0
    assert 'ends: nothing is left to do' in done.stderr


def test_who_asks_at_its_end_gets_no_answer_and_starts_another(state: Path) -> None:
    command = [*LIFTLOCK, '--state', str(state), 'supervise', '--foreground', '--idle', '0.3']
    with subprocess.Popen(command, stderr=subprocess.PIPE) as short:
        pids, pause = set(), 0.1
        while short.poll() is None:
            pids.add(alive.ensure(state).pid)
            time.sleep(pause)  # whoever asks more often keeps it: nearer to its end every time
            pause += 0.01
        final = alive.ensure(state)
    assert pids <= {short.pid, final.pid}
    assert final.pid != short.pid
    assert not gone(final.pid)


def test_in_the_foreground_a_second_one_says_who_is_there(state: Path) -> None:
    found = alive.ensure(state)
    command = [*LIFTLOCK, '--state', str(state), 'supervise', '--foreground']
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG, check=False)
    assert done.returncode == 2
    assert f'runs already (process {found.pid})' in done.stderr


def test_it_ends_when_its_directory_is_removed(state: Path) -> None:
    found = alive.ensure(state)
    shutil.rmtree(state)
    wait_for(lambda: gone(found.pid))
    again = alive.ensure(state)
    assert again.pid != found.pid
    assert alive.find(state) == again._replace(started=False)


# --- upgrades


@pytest.mark.parametrize(
    ('one', 'other', 'is_older'),
    [('0.1.0', '0.2.0', True), ('0.9', '0.10', True), ('1.0', '1.0', False), ('2', '1.9', False)],
)
def test_versions_are_compared_by_their_numbers(one: str, other: str, is_older: bool) -> None:
    assert alive.older(one, other) is is_older


def test_one_of_an_older_version_is_replaced(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = alive.ensure(state)
    monkeypatch.setattr(alive, 'VERSION', f'{VERSION}.1')
    second = alive.ensure(state)
    assert second.started
    assert second.pid != first.pid
    assert gone(first.pid)


def test_one_of_a_newer_version_is_left_alone(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = alive.ensure(state)
    monkeypatch.setattr(alive, 'VERSION', '0.0.1')
    assert alive.ensure(state).pid == first.pid


def test_it_lets_go_of_the_store_for_who_must_migrate_it(
    state: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A newer Liftlock knows one migration more; the old one then knows the store no more."""
    first = alive.ensure(state)
    scripts = tmp_path / 'scripts'
    (scripts / 'migrations').mkdir(parents=True)
    (scripts / 'migrations' / 'next.sql').write_text('CREATE TABLE next (id INTEGER);')
    monkeypatch.setattr(schema, 'MIGRATIONS', (*schema.MIGRATIONS, 'next.sql'))
    monkeypatch.setattr(schema, '__file__', str(scripts / 'schema.py'))
    open_store(state).close()
    assert not (state / schema.WANTED).exists()
    wait_for(lambda: gone(first.pid))
    assert 'written by a newer Liftlock' in log(state)


def test_it_goes_on_when_the_wish_to_migrate_was_a_dead_processes(state: Path) -> None:
    first = alive.ensure(state)
    (state / schema.WANTED).touch()
    wait_for(lambda: log(state).count('supervises') == 2)
    again = wait_for(lambda: alive.find(state))
    assert again.pid == first.pid
    assert not (state / schema.WANTED).exists()
    assert alive.ensure(state) == again, 'it has the lock'


# --- where it lives


def test_a_path_that_is_too_long_for_a_socket_will_do(tmp_path: Path) -> None:
    state = tmp_path / ('long' * 20) / ('longer' * 20) / 'state'
    try:
        found = alive.ensure(state)
        assert alive.find(state) == found._replace(started=False)
        assert alive.stop(state) == found._replace(started=False)
    finally:
        end(state)


def test_what_dead_ones_left_is_in_nobodys_way(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lodge = Lodge(state)
    lodge.prepare()
    lodge.lock.write_text('{"pid": 1}')
    monkeypatch.chdir(lodge.socket.parent)  # the whole path may be too long for it
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(lodge.socket.name)
    assert alive.find(state) is None
    assert alive.ensure(state).started


@pytest.mark.parametrize('name', ['supervisor.sock', 'supervisor.log', 'supervisor.lock'])
def test_what_stands_in_its_way_is_told(state: Path, name: str) -> None:
    (state / 'delivery' / name).mkdir(parents=True)
    with pytest.raises(UserError, match=rf'{name}: Is a directory'):
        alive.ensure(state)


def test_a_file_instead_of_a_directory_is_told(state: Path) -> None:
    state.mkdir()
    (state / 'delivery').touch()
    with pytest.raises(UserError, match=r'cannot keep a supervisor in .*/delivery: File exists'):
        alive.ensure(state)


@pytest.mark.skipif(not Path('/dev/full').exists(), reason='needs /dev/full')
def test_a_log_for_which_there_is_no_room_ends_nobody(state: Path) -> None:
    Lodge(state).prepare()
    Lodge(state).log.symlink_to('/dev/full')
    found = alive.ensure(state)
    os.kill(found.pid, signal.SIGTERM)
    wait_for(lambda: gone(found.pid))
    assert not Lodge(state).socket.exists()


def test_a_store_that_cannot_be_opened_is_told_with_the_end_of_the_log(state: Path) -> None:
    state.mkdir()
    (state / 'liftlock.db').write_bytes(b'this is not a database, but it is long enough' * 99)
    with pytest.raises(UserError, match=r'(?s)no supervisor could be started.*is damaged') as told:
        alive.ensure(state)
    assert 'supervisor.log' in told.value.hint


def test_a_large_log_makes_room(state: Path) -> None:
    lodge = Lodge(state)
    lodge.prepare()
    lodge.log.write_text('x' * (LARGE + 1))
    alive.ensure(state)
    assert len(log(state)) < 1000
    assert lodge.log.with_name('supervisor.log.1').stat().st_size == LARGE + 1
    with lodge.log.open('a') as file:
        file.write('y' * (LARGE + 1))
    wait_for(lambda: lodge.log.stat().st_size < 1000 if lodge.log.exists() else False)
    found = alive.ensure(state)
    os.kill(found.pid, signal.SIGTERM)
    wait_for(lambda: gone(found.pid))
    assert 'ends: SIGTERM' in log(state), 'it goes on in the new file'


# --- what it is asked


def test_nonsense_is_answered_and_harms_nobody(state: Path) -> None:
    found = alive.ensure(state)
    for text in (b'', b'\n', b'nonsense\n', b'[]\n', b'{"do": "dance"}\n', b'x' * 100_000 + b'\n'):
        with Lodge(state).connect(LONG) as calling:
            calling.sendall(text)
            calling.shutdown(socket.SHUT_WR)
            with calling.makefile('rb') as answer:
                said = answer.read()
        assert not said or 'error' in json.loads(said)
    for request in ({'do': 'dance'}, {'do': 'look', 'environment': 9}, {'do': 'look'}):
        with pytest.raises(UserError):
            calls.ask(Lodge(state), request)
    assert alive.find(state) == found._replace(started=False)


# --- whom it watches over

SCRIPT: Final = '''
"""A supervisor whose controllers do as their environments are called."""
import asyncio, sys, time
from pathlib import Path
from liftlock.engine.delivery import supervisor
from liftlock.engine.delivery.lodge import Lodge
from liftlock.rollout import facts as f
from liftlock.rollout.trouble import Trouble
from liftlock.store import deliveries
from liftlock.store.database import open_store

state = Path(sys.argv[1])
store = open_store(state)
starts = {}

class Controller:
    def __init__(self, place):
        self.place, self.woken, self.busy = place, asyncio.Event(), place.name == 'busy'
        starts[place.name] = starts.get(place.name, 0) + 1
        assert place.token

    def wake(self):
        self.woken.set()

    async def look(self):
        return {'address': self.place.name, 'token': self.place.token}

    def tell(self, text):
        fact = f.Noticed(0, 'notice', text)
        deliveries.append(store, self.place.id, [fact], self.place.token)

    async def run(self):
        self.tell(f'start {starts[self.place.name]}')
        if self.place.name == 'buggy':
            raise ZeroDivisionError('a bug')
        if self.place.name == 'troubled' and starts['troubled'] < 3:
            raise Trouble('the network is gone', 'wait')
        seen = 0
        try:
            while True:
                await self.woken.wait()
                self.woken.clear()
                for stamped in deliveries.facts(store, self.place.id, seen):
                    seen = stamped.seq
                    if isinstance(stamped.fact, f.DeploymentRequested):
                        self.tell(f'saw {stamped.fact.number}')
        finally:
            self.tell('end')

lodge = Lodge(state)
lodge.prepare()
lodge.take(supervisor.introduction())
supervisor.supervise(lodge, store, Controller, supervisor.Terms(float(sys.argv[2])))
'''


@pytest.fixture
def store(state: Path) -> Iterator[Store]:
    opened = open_store(state)
    yield opened
    opened.close()


@pytest.fixture
def supervise(state: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    children: list[subprocess.Popen[str]] = []

    def start(idle: float = 0.0) -> subprocess.Popen[str]:
        command = [sys.executable, '-c', SCRIPT, str(state), str(idle)]
        children.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        wait_for(lambda: children[-1].poll() is not None or alive.find(state))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.communicate()


def ask(store: Store, place: int) -> None:
    draft = f.DeploymentRequested(0, f.DEPLOY, Version('v1'), 'settings', 'mona')
    deliveries.request(store, place, draft)


def environment(store: Store, name: str) -> int:
    place = deliveries.environment(store, 'o/r', name).id
    ask(store, place)
    return place


def noticed(store: Store, place: int, level: str = 'notice') -> list[str]:
    facts = [stamped.fact for stamped in deliveries.facts(store, place)]
    return [one.message for one in facts if isinstance(one, f.Noticed) and one.level == level]


Start = Callable[..., subprocess.Popen[str]]


def test_it_wakes_controllers_and_finds_new_environments(store: Store, supervise: Start) -> None:
    one = environment(store, 'one')
    deliveries.environment(store, 'o/r', 'without facts')
    supervise()
    wait_for(lambda: 'saw 1' in noticed(store, one))
    ask(store, one)
    alive.greet(Lodge(store.directory), 'wake')
    wait_for(lambda: 'saw 2' in noticed(store, one))
    other = environment(store, 'other')
    wait_for(lambda: 'saw 1' in noticed(store, other))
    ask(store, other)
    wait_for(lambda: 'saw 2' in noticed(store, other))
    assert noticed(store, one).count('start 1') == 1
    (unknown,) = [one.id for one in deliveries.environments(store) if one.name == 'without facts']
    assert deliveries.facts(store, unknown) == []


def test_a_signal_ends_the_controllers_too(store: Store, supervise: Start) -> None:
    one = environment(store, 'one')
    child = supervise()
    wait_for(lambda: 'saw 1' in noticed(store, one))
    child.terminate()
    child.communicate(timeout=LONG)
    assert noticed(store, one)[-1] == 'end'


def test_it_stays_while_a_controller_is_busy(store: Store, supervise: Start) -> None:
    idle, busy = environment(store, 'idle'), environment(store, 'busy')
    child = supervise(0.3)
    wait_for(lambda: 'saw 1' in noticed(store, busy))
    for _ in range(10):  # at least three times as long as it may be idle
        alive.find(store.directory)
        time.sleep(0.1)
    assert child.poll() is None
    child.terminate()
    child.communicate(timeout=LONG)
    with store.transaction() as sql:
        sql.execute("UPDATE environments SET name = 'lazy' WHERE name = 'busy'")
    assert supervise(0.3).wait(LONG) == 0
    assert noticed(store, idle)[-1] == 'end'


def test_a_controller_that_fails_is_started_again_and_the_others_go_on(
    store: Store, supervise: Start
) -> None:
    buggy, troubled, fine = (environment(store, name) for name in ('buggy', 'troubled', 'fine'))
    deliveries.append(store, buggy, [f.DeploymentStarted(1, 'r1', '', ())])
    child = supervise()
    wait_for(lambda: 'saw 1' in noticed(store, troubled))
    wait_for(lambda: 'start 3' in noticed(store, buggy))
    assert noticed(store, troubled, 'error') == ['the network is gone; wait']
    (told,) = noticed(store, buggy, 'error')
    assert told == "this is a bug in liftlock: ZeroDivisionError('a bug')"
    (fact,) = [
        stamped.fact
        for stamped in deliveries.facts(store, buggy)
        if isinstance(stamped.fact, f.Noticed) and stamped.fact.level == 'error'
    ]
    assert fact.number == 1, 'the deployment that is under way'
    assert noticed(store, fine) == ['start 1', 'saw 1']
    child.terminate()
    _, said = child.communicate(timeout=LONG)
    assert said.count('Traceback') == 1
    assert 'next try in 4 s' in said


def test_what_a_controller_sees_can_be_asked_for(store: Store, supervise: Start) -> None:
    one = environment(store, 'one')
    supervise()
    wait_for(lambda: 'saw 1' in noticed(store, one))
    answer = calls.ask(Lodge(store.directory), {'do': 'look', 'environment': one})
    assert answer == {'address': 'one', 'token': 1}
    busy = environment(store, 'busy')
    wait_for(lambda: 'saw 1' in noticed(store, busy))
    for place, told in ((one, False), (busy, True), (99, False)):
        request = {'do': 'busy', 'environment': place}
        assert calls.ask(Lodge(store.directory), request) == {'busy': told}
