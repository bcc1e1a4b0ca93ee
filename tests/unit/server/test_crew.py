"""Who looks for runs that others have left goes on looking, whatever goes wrong."""

import asyncio
import errno
from types import SimpleNamespace
from typing import Any

import pytest

from liftlock.server import crew


@pytest.mark.parametrize(
    ('error', 'lines', 'where'),
    [(OSError(errno.EMFILE, 'Too many open files'), 1, False), (KeyError('a bug'), 3, True)],
)
def test_a_look_that_fails_is_not_the_last_one(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    lines: int,
    *,
    where: bool,
) -> None:
    async def scene() -> None:
        enough, looks = asyncio.Event(), 0

        def look() -> None:
            nonlocal looks
            looks += 1
            if looks > 3:
                enough.set()
                return
            raise error

        ground: Any = SimpleNamespace(engine=SimpleNamespace(shared=False))
        one = crew.Crew(ground)
        monkeypatch.setattr(one, '_take_up', look)
        patrol = asyncio.create_task(one._look_for_more())
        await asyncio.wait_for(enough.wait(), 5.0)
        patrol.cancel()

    monkeypatch.setattr(crew, 'PATROL', 0.001)
    monkeypatch.setattr(crew, 'AGAIN', 0.001)
    asyncio.run(scene())
    assert len(caplog.records) == lines  # what lasts is told once
    assert all((told.exc_info is not None) == where for told in caplog.records)
