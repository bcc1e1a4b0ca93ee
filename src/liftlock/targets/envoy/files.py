"""Files that another process reads while we write them: whole ones take their place, or none.

Envoy notices only files that are moved into their place, within one file system.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from liftlock.plan import digest
from liftlock.targets import notes


def text_of(resources: list[dict[str, Any]]) -> tuple[str, str]:
    """An answer of Envoy's discovery, and its version, which is the same for the same content."""
    version = digest.of(json.dumps(resources, sort_keys=True))[:16]
    return json.dumps({'version_info': version, 'resources': resources}), version


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.new')
    with temporary.open('w', encoding='utf-8') as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    notes.settle(path.parent)


def remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    notes.settle(path.parent)


def read(path: Path) -> str:
    """'' where there is none."""
    try:
        return path.read_text(encoding='utf-8')
    except FileNotFoundError:
        return ''


def document(path: Path) -> Mapping[str, Any]:
    """Empty where there is none, or where it is not whole."""
    try:
        found = json.loads(read(path) or '{}')
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
