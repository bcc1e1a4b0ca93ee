"""What a hostile pod sends stays where it belongs."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from liftlock.runner.docker.paths import Paths
from liftlock.runner.kubernetes.gathering import User
from liftlock.runner.kubernetes.kubectl import Answer
from liftlock.runner.kubernetes.mirror import Mirror
from liftlock.runner.kubernetes.seen import Seen


class Stage:
    def __init__(self, root: Path) -> None:
        self.outside = root / 'outside'
        self.outside.mkdir()
        (self.outside / 'keys').write_text('secret\n')
        self.job = root / 'job'
        names = ('_temp', 'hello', '_home', '_temp/_github_workflow', '_origin.git')
        for name in names:
            (self.job / name).mkdir(parents=True)
        self.paths = Paths([(str(self.job), '/__w'), (str(self.job / '_home'), '/github/home')])
        roots = [(str(self.job / name), self.paths.inside(str(self.job / name))) for name in names]

        def ask(*words: object, **given: object) -> Answer:
            raise AssertionError('nothing is asked here')

        self.mirror = Mirror(roots, self.paths, User(0, 0), ask, gnu=True)
        self.seen = Seen(self.mirror, self.paths, str(self.job), str(self.job / '_temp'), ())

    def send(self, *members: tuple[str, bytes | str]) -> None:
        """Bytes are a file, a text is where a link leads."""
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode='w') as tar:
            for name, what in members:
                made = tarfile.TarInfo(name)
                if isinstance(what, bytes):
                    made.size = len(what)
                    tar.addfile(made, io.BytesIO(what))
                else:
                    made.type, made.linkname = tarfile.SYMTYPE, what
                    tar.addfile(made)
        file.seek(0)
        self.mirror.take(file)

    def everything(self) -> set[str]:
        return {str(path.relative_to(self.job)) for path in self.job.rglob('*')}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_names_that_lead_out_lead_nowhere(stage: Stage) -> None:
    before = stage.everything()
    outside = sorted(stage.outside.parent.rglob('*'))
    stage.send(
        ('__w/hello/../../../outside/keys', b'taken'),
        ('../outside/keys', b'taken'),
        (str(stage.outside / 'keys').lstrip('/'), b'taken'),
        ('__w/_origin.git/config', b'[core]'),
        ('__w/other', b'beside the directories of a job'),
    )
    assert stage.everything() == before
    assert sorted(stage.outside.parent.rglob('*')) == outside
    assert (stage.outside / 'keys').read_text() == 'secret\n'


def test_nothing_is_written_through_a_link(stage: Stage) -> None:
    stage.send(
        ('__w/hello/way', str(stage.outside)),
        ('__w/hello/way/keys', b'taken'),
        ('__w/hello/file', str(stage.outside / 'keys')),
        ('__w/hello/file', b'mine'),
    )
    assert (stage.outside / 'keys').read_text() == 'secret\n'
    assert (stage.job / 'hello/way/keys').read_bytes() == b'taken'
    assert not (stage.job / 'hello/way').is_symlink()
    assert (stage.job / 'hello/file').read_bytes() == b'mine'


def test_settings_that_git_would_obey_do_not_come(stage: Stage) -> None:
    stage.send(
        ('__w/hello/.git/config', b'[core]\n fsmonitor = touch /tmp/owned\n'),
        ('__w/hello/.git/hooks/post-checkout', b'#!/bin/sh\n'),
        ('__w/hello/.git/objects/info/alternates', b'/home/me/secret/.git/objects\n'),
        ('__w/hello/sub/.git', '../evil'),
        ('__w/hello/.git/HEAD', b'ref: refs/heads/main\n'),
    )
    found = {path.name for path in stage.job.rglob('*') if path.is_file() or path.is_symlink()}
    assert found == {'HEAD'}


def test_a_link_means_what_it_means_in_the_pod(stage: Stage) -> None:
    stage.send(
        ('__w/hello/a', b'one'),
        ('__w/hello/near', 'a'),
        ('__w/hello/far', '/__w/hello/a'),
        ('__w/hello/keys', str(stage.outside / 'keys')),
        ('__w/hello/round', 'round'),
    )
    hello = str(stage.job / 'hello')
    for name in ('near', 'far'):
        with os.fdopen(stage.seen.open(f'{hello}/{name}'), 'rb') as file:
            assert file.read() == b'one'
    with pytest.raises(FileNotFoundError):
        stage.seen.open(f'{hello}/keys')
    with pytest.raises(OSError, match='symbolic links'):
        stage.seen.open(f'{hello}/round')
    with pytest.raises(FileNotFoundError):
        stage.seen.stat('/etc/passwd')
