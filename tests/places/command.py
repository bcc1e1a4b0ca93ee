"""A directory that commands deploy to: `live` holds the version, `calls` what was run."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from liftlock.language.settings import model
from liftlock.rollout.version import Version
from liftlock.targets.command import Command

# The version's files come from its commit; a bad one has a `broken` among them.
DEPLOY = """
echo "deploy $VERSION $REVISION $PREVIOUS_VERSION" >> "$PLACE/calls"
test ! -e broken
cp version "$PLACE/live"
"""
ROLLBACK = """
echo "rollback $VERSION $REVISION $PREVIOUS_VERSION" >> "$PLACE/calls"
echo "$VERSION" > "$PLACE/live"
"""
SETTINGS = model.Command(
    DEPLOY, verify='test "$(cat "$PLACE/live")" = "$VERSION"', rollback=ROLLBACK,
    status='cat "$PLACE/live" 2>/dev/null || true',
)  # fmt: skip


class CommandPlace:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.there = root / 'there'
        self.there.mkdir(exist_ok=True)
        self.env = {'PLACE': str(self.there)}

    def open(self, settings: model.Command = SETTINGS, **more: Any) -> Command:
        given = {'environment': 'production', 'lay': self.lay, 'env': self.env, **more}
        return Command(settings, self.root / 'state', **given)

    async def lay(self, version: Version, directory: Path) -> None:
        (directory / 'version').write_text(f'{version.name}\n')
        if version.ref == 'broken':
            (directory / 'broken').touch()

    def version(self, name: str, *, bad: bool = False) -> Version:
        commit = f'{name.encode().hex():0>40}'
        return Version(name, commit=commit, ref='broken' if bad else '')

    def changes(self) -> int:
        return len(self.calls())

    def calls(self) -> list[str]:
        path = self.there / 'calls'
        return path.read_text().splitlines() if path.exists() else []

    def running(self) -> str:
        path = self.there / 'live'
        return path.read_text().strip() if path.exists() else ''


@contextmanager
def open_command(root: Path) -> Iterator[CommandPlace]:
    yield CommandPlace(root)
