"""Usage of real processes."""

import subprocess
import sys
import time

import pytest

from liftlock.observe.resources import Resources

PATIENCE = 60.0
MEMORY = 64 * 1024 * 1024
BUSY = f"""
import subprocess, sys
held = b'x' * {MEMORY}
child = subprocess.Popen((sys.executable, '-c', 'while True: pass'))
print('on', flush=True)
sys.stdin.read()
child.kill()
child.wait()
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
def test_a_tree_is_measured_with_its_children() -> None:
    with subprocess.Popen(
        (sys.executable, '-c', BUSY),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b'on\n'
        resources = Resources()
        first = resources.usages([process.pid], time.monotonic())[process.pid]
        assert (first.cpu, first.processes) == (0.0, 2)
        assert first.memory >= MEMORY
        end = time.monotonic() + PATIENCE
        cpu = 0.0
        while cpu < 5.0:
            assert time.monotonic() < end, 'its child is busy, and nobody sees it'
            time.sleep(0.1)
            cpu = resources.usages([process.pid], time.monotonic())[process.pid].cpu
        assert cpu < 400.0  # one child, on a clock of hundredths
        process.stdin.close()
    assert resources.usages([process.pid], time.monotonic()) == {}
