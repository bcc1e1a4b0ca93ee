"""What a pod tells beside the output of a process, among what kubectl says."""

import pytest

from liftlock.runner.kubernetes.ear import Ear

SAID = (
    b'Defaulted something\n\x01liftlock begun 1700000000\n\x01liftlock here\nW1130 a warning\n'
    b'\x01liftlock ended 3 12 5 missing\n\x01\x00\nxymore of kubectl\n'
)


@pytest.mark.parametrize('size', [1, 2, 7, 1000])
def test_it_may_come_in_pieces_of_any_size(size: int) -> None:
    ear = Ear()
    for at in range(0, len(SAID), size):
        ear(SAID[at : at + size])
    assert ear.begun == 1700000000
    assert ear.ended is not None
    assert ear.ended._replace(files=None) == (3, 12, None, 'missing')  # type: ignore[arg-type]
    assert ear.ended.files.read() == b'\x01\x00\nxy'
    assert ear.words == 'more of kubectl'


def test_what_kubectl_says_last_is_the_reason() -> None:
    ear = Ear()
    ear(b'noise\nerror: unable to upgrade connection: container not found ("job")\n')
    assert ear.words == 'error: unable to upgrade connection: container not found ("job")'
    assert ear.ended is None
