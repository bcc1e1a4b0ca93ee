"""What is read out of the kernel's tables, of logs' names and of deaths."""

import os
import signal
from pathlib import Path

import pytest

from liftlock.targets.process import lines, traffic, usage, vigil
from liftlock.targets.process.procfs import Stat, parse_stat

STAT = (
    b'4711 (a ) (b) c) S 1 4711 4712 0 -1 4194560 1503 0 0 0 250 50 7 8 20 0 5 0 987654 '
    b'123456 4321 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n'
)
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 3
   3: 0100007F:1F90 0100007F:C351 06 00000000:00000000 00:00000000 00000000     0        0 4
   4: 0100007F:1F90 0100007F:C352 01 00000000:00000000 00:00000000 00000000     0        0 5
"""


def test_a_name_with_parentheses_does_not_confuse_the_fields() -> None:
    found = parse_stat(STAT)
    assert found == Stat('S', parent=1, session=4712, cpu=300, born=987654, memory=4321)
    assert found.alive


@pytest.mark.parametrize('state', ['Z', 'X'])
def test_who_has_ended_is_not_alive(state: str) -> None:
    assert not parse_stat(STAT.replace(b' S ', f' {state} '.encode())).alive


def test_only_open_connections_to_the_port_count() -> None:
    assert traffic.count(TCP, 8080) == 2
    assert traffic.count(TCP, 50000) == 1
    assert traffic.count(TCP, 81) == 0


def test_a_death_is_told_by_code_or_signal() -> None:
    assert vigil.told(os.CLD_EXITED, 3) == 'exited with code 3'
    assert vigil.told(os.CLD_KILLED, signal.SIGSEGV) == 'was killed by SIGSEGV'
    assert vigil.told(os.CLD_DUMPED, signal.SIGABRT) == 'was killed by SIGABRT'
    assert vigil.told(os.CLD_KILLED, 63) == 'was killed by signal 63'


def test_use_is_in_percent_of_a_core_and_never_negative() -> None:
    ticks = os.sysconf('SC_CLK_TCK')
    assert usage.percent(ticks, 2.0) == 50.0
    assert usage.percent(-5, 2.0) == 0.0


def test_the_name_of_a_log_tells_whose_it_is() -> None:
    name = lines.name('r12-3', 1764532800.1234)
    assert name == 'r12-3-1764532800123.log'
    path = Path('/logs', name)
    assert lines.parse(path) == lines.Log(path, 'r12-3', 'r12', 1764532800123)
    assert lines.older(path) == Path('/logs/r12-3-1764532800123.log.1')


@pytest.mark.parametrize('name', ['prepare-abc.log', 'r1-1.log', 'r1-1-1764532800123.log.1'])
def test_other_files_are_no_logs_of_instances(name: str) -> None:
    assert lines.parse(Path('/logs', name)) is None


@pytest.mark.parametrize(
    ('line', 'time'),
    [
        ('2026-08-01T12:00:00 begins', '2026-08-01T12:00:00.000000'),
        ('2026-08-01 12:00:00,123 INFO begins', '2026-08-01T12:00:00.123000'),
        ('[2026-08-01 12:00:00.5] begins', '2026-08-01T12:00:00.500000'),
        ('begins at 2026-08-01T12:00:00', ''),
        ('', ''),
    ],
)
def test_lines_that_begin_with_a_time_tell_it(line: str, time: str) -> None:
    assert lines.time_of(line) == time
