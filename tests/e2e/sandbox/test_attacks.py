"""What a job tries from inside. Each prints GOT IT where it succeeds; on the host, many would."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.sandbox.ground import SECRET, need, play, private, scripts
from fakes import Played

WON = 'GOT IT'
CONNECT = 'import socket; socket.socket(socket.AF_UNIX).connect'
# Name -> script. {private} is a directory outside with `key` and the socket `sock`, {port} somebody
# listens on, {abstract} too; {pid} is a process outside, m{arker} stands in its arguments.
REACHING = {
    'a file of somebody else': 'grep -q the-key {private}/key && echo GOT IT',
    'what lies above the workspace': 'ls ../../.. | grep -q private && echo GOT IT',
    'a write outside': 'echo x >{private}/written && echo GOT IT',
    'a service on the loopback': 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo GOT IT',
    'a socket in a directory': f'python3 -c "{CONNECT}(\'{{private}}/sock\')" && echo GOT IT',
    'a socket without a directory': f'python3 -c "{CONNECT}(\'\\0{{abstract}}\')" && echo GOT IT',
    'processes outside': 'cat /proc/*/cmdline | tr "\\0" " " | grep -q [m]{arker} && echo GOT IT',
    'a signal to a process outside': 'kill -0 {pid} && echo GOT IT',
    'a variable of the user': '[ -n "$SECRET_OF_THE_USER" ] && echo GOT IT',
}
BREAKING_OUT = {
    'passwords': 'cat /etc/shadow && echo GOT IT',
    'homes': 'ls -A /home | grep . && echo GOT IT; cat ~root/.bashrc ~root/.profile && echo GOT IT',
    'sockets of engines and buses': 'find /run /var /tmp /etc -type s | grep . && echo GOT IT',
    'a write to the system': 'touch /usr/local/bin/x || touch /etc/x || touch /x && echo GOT IT',
    'another user': 'python3 -c "import os; os.setuid(0)" && echo GOT IT',
    'a mount': 'mount -t tmpfs none /mnt && echo GOT IT',
    'a mount made writable': 'mount -o remount,rw / && echo GOT IT',
    'name spaces': 'unshare --user --map-root-user true && echo GOT IT',
    'settings of the kernel': 'echo x >/proc/sys/kernel/core_pattern && echo GOT IT',
    'its keeper': 'cat /proc/1/environ /proc/1/mem && echo GOT IT',
    'ending its keeper': 'kill -9 1; kill -STOP 1; kill -INT 1; kill -TERM 1; sleep 0.1; exit 1',
    'tracing its keeper': 'python3 -c "import ctypes, sys; '
    'sys.exit(ctypes.CDLL(None).ptrace(16, 1, 0, 0) != 0)" && echo GOT IT',
    'devices': 'mknod x b 8 0 && echo GOT IT; ls /dev/sd* /dev/vd* /dev/mem && echo GOT IT',
    'the network': '[ "$(ls /sys/class/net 2>/dev/null || ip -o link | wc -l)" -gt 1 ] && '
    'echo GOT IT; cat /etc/resolv.conf && echo GOT IT',
    'control groups': 'echo 1 >/sys/fs/cgroup/cgroup.procs && echo GOT IT',
    'a container': 'docker ps && echo GOT IT; podman ps && echo GOT IT; exit 1',
}
# kexec_load, keyctl, setns, bpf, userfaultfd, io_uring_setup, move_mount, clone3
X86_64 = (246, 250, 308, 321, 323, 425, 429, 435)
AARCH64 = (104, 219, 268, 280, 282, 425, 429, 435)
CALLS = f"""python3 -c "
import ctypes, os, platform, socket
library = ctypes.CDLL(None, use_errno=True)
for number in {X86_64} if platform.machine() == 'x86_64' else {AARCH64}:
    ctypes.set_errno(0)
    if library.syscall(number, 0, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):
        print('{WON}', number, os.strerror(ctypes.get_errno()))
for family in (17, 38, 40):
    try:
        socket.socket(family, socket.SOCK_STREAM)
        print('{WON}', family)
    except OSError as error:
        assert error.errno == 97, error
"
"""


class Outside:
    """This machine: a secret, somebody who listens, and a process that runs."""

    def __init__(self, folder: Path) -> None:
        self.private = private(folder)
        self.abstract = f'liftlock-test-{os.getpid()}'
        self.tcp = socket.create_server(('127.0.0.1', 0))
        self.unix = socket.socket(socket.AF_UNIX)
        os.chdir(self.private)
        self.unix.bind('sock')
        os.chdir('/')
        (self.private / 'sock').chmod(0o777)
        self.nowhere = socket.socket(socket.AF_UNIX)
        self.nowhere.bind(f'\0{self.abstract}')
        for listener in (self.unix, self.nowhere):
            listener.listen()
        self.marker = f'marker{os.getpid()}'
        sleeping = [sys.executable, '-c', 'import time; time.sleep(600)', self.marker]
        self.process = subprocess.Popen(sleeping)

    def fill(self, script: str) -> str:
        for name, value in (
            ('private', self.private),
            ('port', self.tcp.getsockname()[1]),
            ('abstract', self.abstract),
            ('pid', self.process.pid),
            ('arker', self.marker[1:]),
        ):
            script = script.replace(f'{{{name}}}', str(value))
        return script

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for listener in (self.tcp, self.unix, self.nowhere):
            listener.close()


@pytest.fixture(scope='module')
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    need()
    here = os.getcwd()  # noqa: PTH109
    os.environ['SECRET_OF_THE_USER'] = SECRET
    made = Outside(tmp_path_factory.mktemp('outside'))
    yield made
    made.close()
    del os.environ['SECRET_OF_THE_USER']
    os.chdir(here)


@pytest.fixture(scope='module')
def played(outside: Outside, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """One job that tries everything."""
    tried = [outside.fill(script) for script in (*REACHING.values(), *BREAKING_OUT.values(), CALLS)]
    return play(scripts(*tried), tmp_path_factory.mktemp('job'))


@pytest.mark.parametrize('what', [*REACHING, *BREAKING_OUT])
def test_no_job_gets_at(played: Played, what: str) -> None:
    number = [*REACHING, *BREAKING_OUT].index(what) + 1
    said = '\n'.join(played.printed(number))
    assert WON not in said
    assert 'Process completed with exit code' in said, said  # it was tried, and failed


def test_no_job_makes_calls_that_lead_out(played: Played) -> None:
    assert not [line for line in played.printed(len(REACHING) + len(BREAKING_OUT) + 1) if line]


def test_nothing_has_happened_outside(played: Played, outside: Outside) -> None:
    assert played.finished.conclusion == 'failure'
    assert not (outside.private / 'written').exists()
    assert outside.process.poll() is None


@pytest.mark.skipif(os.geteuid() != 0, reason='the secret belongs to whoever runs this')
@pytest.mark.parametrize('what', [name for name in REACHING if 'variable' not in name])
def test_on_the_host_it_would(outside: Outside, tmp_path: Path, what: str) -> None:
    script = outside.fill(REACHING[what]).replace('../../..', str(outside.private.parent))
    assert WON in play(scripts(script), tmp_path, place='host').printed(1)
    (outside.private / 'written').unlink(missing_ok=True)


@pytest.mark.parametrize('place', ['sandbox', 'host'])
def test_a_node_that_a_job_brings_is_started_inside_only(tmp_path: Path, place: str) -> None:
    """Also when it is only asked for its version. On the host it would leave a mark."""
    mark = tmp_path / 'mark'
    programs = tmp_path / 'machine/bin'
    programs.mkdir(parents=True)
    for program in ('sh', 'bash', 'mkdir', 'chmod', 'touch'):
        (programs / program).symlink_to(str(shutil.which(program)))
    steps = f"""
- run: |
    mkdir bin action; echo "$PWD/bin" >>"$GITHUB_PATH"
    printf '#!/bin/sh\\ntouch {mark} 2>/dev/null; echo v24.0.0 of the job\\n' >bin/node
    chmod 755 bin/node
    echo 'runs: {{using: node24, main: x.js}}' >action/action.yml; touch action/x.js
- uses: ./action
"""
    world = {'host_env': {'PATH': str(programs)}}
    played = play(steps, tmp_path, place=place, world=world)
    assert played.printed(2) == ['v24.0.0 of the job']
    assert mark.exists() == (place == 'host')
