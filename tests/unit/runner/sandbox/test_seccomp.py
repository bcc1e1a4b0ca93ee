"""The filter, run by a small machine of our own; elsewhere the kernel itself is asked."""

import struct

import pytest

from liftlock.runner.sandbox import seccomp

ALLOWED, KILLED = 0x7FFF0000, 0x80000000
X86_64, I386 = 0xC000003E, 0x40000003
EPERM, ENOSYS, EAFNOSUPPORT = (0x50000 | number for number in (1, 38, 97))


def judge(number: int, *arguments: int, architecture: int = X86_64) -> int:
    filter_ = seccomp.make('x86_64')
    steps = [struct.unpack_from('=HBBI', filter_, at) for at in range(0, len(filter_), 8)]
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack('=IIQ6Q', number, architecture, 0, *padded)
    at = value = 0
    while True:
        code, yes, no, operand = steps[at]
        at += 1
        match code:
            case 0x20:
                (value,) = struct.unpack_from('=I', data, operand)
            case 0x15:
                at += yes if value == operand else no
            case 0x35:
                at += yes if value >= operand else no
            case 0x45:
                at += yes if value & operand else no
            case 0x06:
                return operand


@pytest.mark.parametrize('number', [0, 1, 59, 202, 257, 424, 434, 441])
def test_what_jobs_need_is_allowed(number: int) -> None:
    assert judge(number) == ALLOWED


@pytest.mark.parametrize('number', [165, 166, 250, 308, 321, 425, 433, 467])
def test_what_leads_out_is_refused(number: int) -> None:
    assert judge(number) == EPERM


def test_a_process_may_be_made_but_not_in_name_spaces_of_its_own() -> None:
    assert judge(56, 0x1200011) == ALLOWED
    assert judge(56, 0x10000011) == EPERM
    assert judge(272, 0x400) == ALLOWED  # unshare(CLONE_FILES)
    assert judge(272, 0x80) == EPERM
    assert judge(435) == ENOSYS


def test_sockets_are_of_a_few_families() -> None:
    assert [judge(41, family) for family in (1, 2, 10, 16)] == [ALLOWED] * 4
    assert [judge(41, family) for family in (17, 38, 40, 44)] == [EAFNOSUPPORT] * 4


def test_nobody_types_into_a_terminal() -> None:
    assert judge(16, 0, 0x5401) == ALLOWED
    assert judge(16, 0, 0x5412) == EPERM
    assert judge(16, 0, 0x541C) == EPERM


def test_other_ways_into_the_kernel_are_closed() -> None:
    assert judge(1, architecture=I386) == KILLED
    assert judge(0x40000001) == ENOSYS


def test_an_unknown_machine_goes_without() -> None:
    assert seccomp.make('riscv64') == b''
    assert seccomp.make('aarch64') != b''
