"""Stand-ins run outside of a job's sandbox, and touch nothing that the job could not."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from liftlock.runner import confinement
from liftlock.runner.workbench import StepFailed


@pytest.fixture
def places(tmp_path: Path) -> Path:
    """A job's directory, and beside it what is nobody else's business."""
    for name in ('job/work', 'tools', 'packages', 'home'):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / 'home/key').write_text('hush')
    (tmp_path / 'job/work/own').write_text('mine')
    return tmp_path


def job(places: Path, place: str = 'sandbox', **context: object) -> Any:
    return SimpleNamespace(
        request=SimpleNamespace(place=place),
        workplace=SimpleNamespace(context=context),
        directories=SimpleNamespace(root=str(places / 'job'), workspace=str(places / 'job/work')),
        world=SimpleNamespace(tool_cache=places / 'tools', cache_home=places / 'packages'),
    )


def test_a_job_on_the_host_touches_what_its_user_may(places: Path) -> None:
    with confinement.open_own(job(places, 'host'), places / 'home/key') as opened:
        assert opened.read() == b'hush'
    confinement.refuse_strangers(job(places, 'host'), {'path': str(places / 'home/key')})


@pytest.mark.parametrize(
    'confined',
    [{'place': 'sandbox'}, {'place': 'docker:debian'}, {'place': 'host', 'container': {}}],
)
def test_a_confined_job_touches_its_own_files_only(places: Path, confined: dict[str, Any]) -> None:
    one = job(places, **confined)
    with confinement.open_own(one, places / 'job/work/own') as opened:
        assert opened.read() == b'mine'
    for path in (places / 'home/key', places / 'job/work/../../home/key'):
        with pytest.raises(StepFailed, match='is not among the files of this job'):
            confinement.open_own(one, path)
    assert confinement.own(one, places / 'tools/python') == places / 'tools/python'
    with pytest.raises(StepFailed):
        confinement.own(one, places / 'home/new')
    with pytest.raises(StepFailed):
        confinement.own(one, places / 'jobs-of-others')


def test_a_link_leads_nowhere_else(places: Path) -> None:
    work = places / 'job/work'
    (work / 'link').symlink_to(places / 'home/key')
    (work / 'folder').symlink_to(places / 'home')
    (work / 'inner').symlink_to('own')
    for name in ('link', 'folder/key'):
        with pytest.raises(StepFailed):
            confinement.open_own(job(places), work / name)
    with confinement.open_own(job(places), work / 'inner') as opened:
        assert opened.read() == b'mine'


def test_what_is_no_file_keeps_nobody_waiting(places: Path) -> None:
    os.mkfifo(places / 'job/work/pipe')
    for name in ('pipe', '.'):
        with pytest.raises(StepFailed, match='is no file'):
            confinement.open_own(job(places), places / 'job/work' / name)


def test_inputs_may_not_name_what_is_elsewhere(places: Path) -> None:
    (places / 'job/work/link').symlink_to(places / 'home/key')
    contained = job(places, 'docker:debian')
    for text in (str(places / 'home'), '../../home/key', 'link', f'a\n!{places}/home/key\n'):
        with pytest.raises(StepFailed):
            confinement.refuse_strangers(contained, {'path': text})
    harmless = {'path': 'own\n/usr', 'message': 'fix: a/b\n\n/cc @me', 'empty': '', 'nul': 'a\0b'}
    confinement.refuse_strangers(contained, harmless)
    confinement.refuse_strangers(job(places), {'path': str(places / 'home')})  # it runs in there
