"""Small JSON files that are there as a whole or not at all, whenever this process ends."""

import json
import os
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any]:
    """Empty where there is none yet."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return {}
    made: dict[str, Any] = json.loads(text)
    return made


def write(path: Path, content: dict[str, Any]) -> None:
    """It is on the disk when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    passing = path.with_name(f'.{path.name}.tmp')
    with passing.open('w') as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())
    passing.rename(path)
    settle(path.parent)


def settle(directory: Path) -> None:
    """What was made or renamed in it is there after a loss of power, too."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
