"""What there is to build with, told as the originals tell it."""

import json
import platform
from pathlib import Path

import pytest

from e2e.actions.engines import Kind, kinds, step
from liftlock.runner.actions import platforms
from liftlock.runner.workbench import StepFailed

BUILDX = 'docker/setup-buildx-action@v3'
QEMU = 'docker/setup-qemu-action@v3'
OWN = platforms.normalise(f'linux/{platform.machine()}')


@pytest.fixture(params=kinds(), ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def test_the_engines_own_builder_is_taken(tmp_path: Path, kind: Kind) -> None:
    bench = step(tmp_path, BUILDX, {}, engine=kind.engine, env=kind.lay(tmp_path / 'place'))
    bench.main()
    assert bench.outputs['name'] == 'default'
    assert bench.outputs['driver'] == 'docker'
    assert OWN in bench.outputs['platforms'].split(',')
    assert [node['name'] for node in json.loads(bench.outputs['nodes'])] == ['default']
    assert bench.outputs['status'] == 'running'
    bench.post()
    assert not bench.warnings


def test_a_builder_of_its_own_needs_the_plugin(tmp_path: Path, kind: Kind) -> None:
    inputs = {'driver': 'unheard-of'}
    bench = step(tmp_path, BUILDX, inputs, engine=kind.engine, env=kind.lay(tmp_path / 'place'))
    message = 'buildx create failed' if kind.name == 'buildx' else "needs Docker's buildx plugin"
    with pytest.raises(StepFailed, match=message):
        bench.main()


def test_state_is_kept_by_one_driver_only(tmp_path: Path, kind: Kind) -> None:
    inputs = {'keep-state': 'true', 'driver': 'docker'}
    bench = step(tmp_path, BUILDX, inputs, engine=kind.engine, env=kind.lay(tmp_path / 'place'))
    with pytest.raises(StepFailed, match='Cannot use keep-state with docker driver'):
        bench.main()


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's list of emulators, as this machine would have it."""
    folder = tmp_path / 'binfmt_misc'
    folder.mkdir()
    (folder / 'qemu-aarch64').write_text('enabled\ninterpreter /usr/bin/qemu\nflags: OCF\n')
    (folder / 'qemu-s390x').write_text('enabled\ninterpreter /usr/bin/qemu\nflags: \n')
    (folder / 'qemu-riscv64').write_text('disabled\ninterpreter /usr/bin/qemu\nflags: F\n')
    (folder / 'python3.11').write_text('enabled\n')
    monkeypatch.setattr(platforms.emulated, '__defaults__', (folder,))
    return folder


@pytest.mark.usefixtures('registered')
def test_emulators_are_told_and_none_is_registered(tmp_path: Path) -> None:
    bench = step(tmp_path, QEMU, {'platforms': 'arm64,s390x'})
    bench.main()
    assert bench.outputs['platforms'] == f'{OWN},linux/arm64'
    assert len(bench.warnings) == 1
    assert bench.warnings[0].startswith('Not emulated here: linux/s390x.')


def test_nothing_is_emulated_where_the_kernel_knows_no_emulator(tmp_path: Path) -> None:
    assert platforms.emulated(tmp_path / 'none') == []
