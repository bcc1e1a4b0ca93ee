"""What is there compared with what should be, as `kubectl diff` shows it."""

import re
from collections.abc import Sequence
from typing import Final

from liftlock.targets.kubernetes import commands, documents
from liftlock.targets.kubernetes.client import Client
from liftlock.targets.kubernetes.names import Doc

HEAD: Final = re.compile(r'^(---|\+\+\+) \S*/([^/\t]+)(?:\t.*)?$')
COUNTER: Final = re.compile(r'^[-+]  generation: \d+$')


async def differences(client: Client, docs: Sequence[Doc]) -> str:
    """'' where there are none."""
    command = commands.diff(client.cluster)
    text = await client.run(command, documents.as_list(docs), expected=(0, 1))
    return clean(text)


def clean(text: str) -> str:
    """The same differences are always the same text: without temporary files, times and counters.
    `---` is what is there, `+++` what should be."""
    lines = []
    for line in text.splitlines():
        if line.startswith('diff ') or COUNTER.match(line):
            continue
        found = HEAD.match(line)
        lines.append(f'{found[1]} {found[2]}' if found else line)
    return ''.join(f'{line}\n' for line in lines)
