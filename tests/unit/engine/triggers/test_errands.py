"""What is done beside one another."""

import asyncio
import errno

import pytest

from liftlock.engine import trail
from liftlock.engine.delivery import ward
from liftlock.engine.triggers.errands import Errands
from liftlock.errors import UserError


def test_one_that_hangs_or_fails_holds_up_nobody_but_itself(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def all_of_it() -> None:
        errands, done = Errands('testing'), asyncio.Event()

        async def hang() -> None:
            await asyncio.Event().wait()

        async def fail() -> None:
            raise ValueError('a bug of ours')

        async def work() -> None:
            done.set()

        assert errands.begin('hangs', hang)
        assert errands.begin('fails', fail)
        assert errands.begin('works', work)
        assert not errands.begin('hangs', hang)  # one at a time
        await done.wait()
        await errands.end()
        assert errands.begin('fails', work)  # and again
        await errands.rest()

    asyncio.run(all_of_it())
    (told,) = caplog.records
    assert told.getMessage() == 'testing: a bug of ours'
    assert told.exc_info is not None, 'with where it was'


@pytest.mark.parametrize(
    ('error', 'bug'),
    [
        (OSError(errno.ENOSPC, 'No space left on device', 'a'), False),
        (UserError('the database is away'), False),
        (FileNotFoundError(errno.ENOENT, 'No such file', 'a'), True),
        (KeyError('a'), True),
    ],
)
def test_where_it_was_is_told_of_bugs_alone(
    caplog: pytest.LogCaptureFixture, error: Exception, *, bug: bool
) -> None:
    trail.tell('looking', error)
    (told,) = caplog.records
    assert told.getMessage() == f'looking: {error}'
    assert (told.exc_info is not None) == bug
    assert ('this is a bug' in ward.explained(error)) == bug
