"""What liftlock.yml gives a job, and what it cannot give."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.sandbox.ground import play, private
from liftlock.language.settings.sandbox import Sandbox
from liftlock.runner.actions.resolve import GitActions


@pytest.fixture
def port() -> Iterator[int]:
    """Somebody on this machine's loopback who says hello."""
    listener = socket.create_server(('127.0.0.1', 0))

    def answer() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            caller.sendall(b'hello\n')
            caller.close()

    threading.Thread(target=answer, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def hello(port: int) -> str:
    return f'- run: exec 3<>/dev/tcp/127.0.0.1/{port}; cat <&3'


def test_there_is_no_network_unless_it_is_declared(tmp_path: Path, port: int) -> None:
    assert 'hello' not in play(hello(port), tmp_path).printed()
    for number, (declared, place) in enumerate(
        ((Sandbox(network=True), 'sandbox'), (Sandbox(), 'sandbox:network'))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert play(hello(port), folder, declared, place=place).printed() == ['hello']


def test_a_job_has_a_loopback_of_its_own(tmp_path: Path) -> None:
    script = """
- run: python3 -m http.server -b 127.0.0.1 8000 >log 2>&1 &
- run: |
    echo mine >page
    for n in $(seq 100); do curl -sf http://localhost:8000/page && break; sleep 0.05; done
"""
    assert play(script, tmp_path).printed(2)[-1] == 'mine'


def test_proxies_are_no_use_without_a_network(tmp_path: Path) -> None:
    world = {'host_env': {'PATH': os.environ['PATH'], 'https_proxy': 'http://me:secret@proxy'}}
    step = '- run: echo "${https_proxy-none}"'
    assert play(step, tmp_path, world=world).printed() == ['none']
    more = tmp_path / 'more'
    more.mkdir()
    played = play(step, more, Sandbox(network=True), world=world)
    assert played.printed() == ['http://me:secret@proxy']


def test_files_may_be_read_or_written(tmp_path: Path) -> None:
    folder = private(tmp_path)
    folder.chmod(0o777)
    script = f'- run: cat {folder}/key; echo; echo mine >{folder}/new && echo written'
    readable = play(script, tmp_path, Sandbox(read=(str(folder),)))
    assert readable.printed()[0] == 'the-key-of-this-machine'
    assert 'written' not in readable.printed()
    more = tmp_path / 'more'
    more.mkdir()
    assert 'written' in play(script, more, Sandbox(write=(str(folder),))).printed()
    assert (folder / 'new').read_text() == 'mine\n'


def test_what_is_said_of_a_job_is_for_that_job(tmp_path: Path, port: int) -> None:
    of = Sandbox(jobs={'build': Sandbox(network=True), 'other': Sandbox(network=False)})
    assert play(hello(port), tmp_path, of).printed() == ['hello']


def test_variables_of_the_user_come_by_name(tmp_path: Path) -> None:
    world = {'named_env': {'MINE': 'yes', 'OTHER': 'no'}}
    step = '- run: echo "${MINE-none} ${OTHER-none}"'
    assert play(step, tmp_path, Sandbox(env=('MINE',)), world=world).printed() == ['yes none']


@pytest.mark.parametrize(
    ('path', 'because'),
    [
        ('/does/not/exist', 'does not exist'),
        ('~/does-not-exist', 'does not exist'),
        ('/', 'which is all of your home or more'),
        ('~/.', 'which is all of your home or more'),
        ('/proc/1', 'leads out of the sandbox'),
        ('/var/run', 'leads out of the sandbox'),
        ('{state}/runs', 'where Liftlock keeps what no job may see'),
        ('{state}/..', 'where Liftlock keeps what no job may see'),
        ('{state}/../link', 'where Liftlock keeps what no job may see'),
    ],
)
def test_some_things_cannot_be_declared(tmp_path: Path, path: str, because: str) -> None:
    state = tmp_path / 'state'
    (state / 'runs').mkdir(parents=True)
    (tmp_path / 'link').symlink_to(state)
    asked = Sandbox(read=(path.format(state=state),))
    played = play('- run: echo never', tmp_path, asked, world={'closed': (str(state),)})
    assert played.finished.conclusion == 'failure'
    assert 'sandbox.read of liftlock.yml names ' in played.finished.message
    assert because in played.finished.message
    assert 'never' not in played.text


def test_tools_that_a_job_installs_are_its_own(tmp_path: Path) -> None:
    tools = tmp_path / 'tools/hammer/1.0/x64'
    tools.mkdir(parents=True)
    (tools / 'hammer').write_text('#!/bin/sh\necho bang\n')
    (tools / 'hammer').chmod(0o755)
    steps = """
- run: $RUNNER_TOOL_CACHE/hammer/1.0/x64/hammer
- run: |
    cd $RUNNER_TOOL_CACHE
    mkdir -p saw/2.0 hammer/2.0 && echo x >saw/2.0/saw && ls
- run: echo evil >$RUNNER_TOOL_CACHE/hammer/1.0/x64/hammer
"""
    played = play(steps, tmp_path)
    assert played.printed(1) == ['bang']
    assert sorted(played.printed(2)) == ['hammer', 'saw']
    assert 'Read-only file system' in played.printed(3)[0]
    assert [entry.name for entry in (tmp_path / 'tools').iterdir()] == ['hammer']


def test_caches_can_be_shared(tmp_path: Path) -> None:
    (tmp_path / 'caches').mkdir()
    (tmp_path / 'caches').chmod(0o777)
    step = '- run: mkdir -p $PIP_CACHE_DIR && echo x >$PIP_CACHE_DIR/wheel'
    assert play(step, tmp_path).finished.conclusion == 'success'
    assert not list((tmp_path / 'caches').iterdir())
    more = tmp_path / 'more'
    (more / 'caches').mkdir(parents=True)
    (more / 'caches').chmod(0o777)
    assert play(step, more, Sandbox(caches='shared')).finished.conclusion == 'success'
    assert (more / 'caches/pip/wheel').read_text() == 'x\n'


def test_programs_outside_of_the_system_are_found_by_path(tmp_path: Path) -> None:
    tool = tmp_path / 'opt/tool'
    (tool / 'bin').mkdir(parents=True)
    (tool / 'lib').mkdir()
    (tool / 'lib/words').write_text('from its lib\n')
    (tool / 'bin/tool').write_text('#!/bin/sh\ncat "$(dirname "$0")/../lib/words"\n')
    (tool / 'bin/tool').chmod(0o755)
    world = {'host_env': {'PATH': f'{tool}/bin:{os.environ["PATH"]}'}}
    assert play('- run: tool', tmp_path, world=world).printed() == ['from its lib']


def test_an_action_in_a_directory_of_the_user_s_is_copied_in(tmp_path: Path) -> None:
    folder = tmp_path / 'mirrors/hello'
    folder.mkdir(parents=True)
    steps = '[{run: cat "$GITHUB_ACTION_PATH/words", shell: bash}]'
    (folder / 'action.yml').write_text(f'runs: {{using: composite, steps: {steps}}}\n')
    (folder / 'words').write_text('from its directory\n')
    script = folder.with_name('script')
    script.mkdir()
    (script / 'action.yml').write_text('runs: {using: node24, main: x.js}\n')
    (script / 'x.js').write_text("console.log('from its script')\n")
    actions = GitActions(tmp_path / 'cache', (('*', f'{folder.parent}/{{name}}'),))
    played = play(
        '- uses: octo/hello@v1\n- uses: octo/script@v1', tmp_path, world={'actions': actions}
    )
    assert played.printed(1)[-1] == 'from its directory'
    assert played.printed(2)[-1] == 'from its script'


def test_a_container_is_refused(tmp_path: Path) -> None:
    text = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    container: {image: debian, options: --privileged -v /:/host}
    steps: [{run: echo never}]
"""
    played = play(text, tmp_path)
    assert played.finished.conclusion == 'failure'
    assert 'asks for a container' in played.finished.message


@pytest.mark.parametrize('place', ['sandbox', 'sandbox:network'])
def test_an_action_that_is_a_container_is_refused(tmp_path: Path, place: str) -> None:
    world = {'container_engine': '/nowhere/engine'}
    played = play('- uses: docker://alpine:3', tmp_path, place=place, world=world)
    assert played.finished.conclusion == 'failure'
    assert 'would stand outside of the sandbox' in played.finished.message


def test_whoever_misses_the_network_is_told_how_to_have_it(tmp_path: Path) -> None:
    played = play('- run: curl -sS http://example.com', tmp_path)
    assert 'This job has no network' in played.text
    more = tmp_path / 'more'
    more.mkdir()
    assert 'no network' not in play('- run: echo fine', more).text
