"""Project files for compose. They hold secrets: nobody else may read them, and they go at once."""

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from liftlock.targets.compose.project import Document


@contextlib.asynccontextmanager
async def written(directory: Path, document: Document) -> AsyncIterator[str]:
    """The path of a file that is there for this long. JSON is YAML."""
    path = directory / f'{secrets.token_hex(8)}.json'
    await asyncio.to_thread(_write, path, json.dumps(document))
    try:
        yield str(path)
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, 'w') as file:
        file.write(text)


def sweep(directory: Path) -> None:
    """What somebody left who was killed meanwhile."""
    for path in directory.glob('*.json'):
        path.unlink(missing_ok=True)
