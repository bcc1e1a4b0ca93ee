"""Images come from a registry, by tag and by digest, with credentials and without."""

import asyncio
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import containers
from containers import IMAGE, ask
from liftlock.runner.docker import images
from liftlock.runner.docker.engine import Engine, EngineFailed
from registry import PASSWORD, USER, Registry, locked_registry, open_registry


class Pulled:
    """What was said and noted while images were asked for, and how each is called."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.said: list[str] = []
        self.noted: list[tuple[str, str]] = []
        self.names: list[str] = []

    def have(self, image: str, username: str = '', password: str = '') -> str:
        def note(written: str, digest: str) -> None:
            self.noted.append((written, digest))

        self.names.append(image)
        return asyncio.run(
            images.have(self.engine, image, self.said.append, note, username, password)
        )

    @property
    def pulls(self) -> int:
        return sum(line.startswith('##[command]') for line in self.said)

    @property
    def tries(self) -> int:
        return self.pulls + sum('back off' in line for line in self.said)


@pytest.fixture
def pulled() -> Iterator[Pulled]:
    pulled = Pulled(containers.docker())
    yield pulled
    ask(pulled.engine, 'rmi', '--force', *pulled.names)


@pytest.fixture(scope='module')
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Gives a small image a name; it is not under that name in the engine then, but in a registry.
    Returns its digest."""
    engine = containers.docker()
    folder = tmp_path_factory.mktemp('small')
    (folder / 'Dockerfile').write_text(f'FROM scratch\nLABEL it={uuid.uuid4()}\n')
    name = f'liftlock-test/small:{os.getpid()}'
    assert ask(engine, 'build', '--tag', name, str(folder)).returncode == 0

    def push(wanted: str, config: str = '') -> str:
        options = ('--config', config) if config else ()
        assert ask(engine, 'tag', name, wanted).returncode == 0
        sent = ask(engine, *options, 'push', wanted)
        assert sent.returncode == 0, sent.stderr
        ask(engine, 'rmi', '--force', wanted)
        return next(word for word in sent.stdout.split() if word.startswith('sha256:'))

    yield push
    ask(engine, 'rmi', '--force', name)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with open_registry(tmp_path / 'registry') as running:
        yield running


def test_an_image_is_pulled_once(
    pulled: Pulled, registry: Registry, small: Callable[[str], str]
) -> None:
    image = f'{registry.host}/team/app:1'
    digest = small(image)
    assert pulled.have(image) == image
    assert pulled.have(image) == image
    assert pulled.pulls == 1
    assert pulled.said[-1].startswith(f'Using {image} as it is on this machine (')
    assert pulled.noted == [(image, digest), (image, digest)]


def test_an_image_is_had_by_its_digest(
    pulled: Pulled, registry: Registry, small: Callable[[str], str]
) -> None:
    name = f'{registry.host}/team/app'
    digest = small(f'{name}:1')
    image = f'{name}:1@{digest}'
    pulled.have(image)
    assert pulled.noted == [(image, digest)]


def test_what_is_not_in_the_registry_is_asked_for_once(pulled: Pulled, registry: Registry) -> None:
    with pytest.raises(EngineFailed, match=r'^Docker pull failed .*team/app:9.*manifest.*unknown'):
        pulled.have(f'{registry.host}/team/app:9')
    assert pulled.tries == 1


def test_a_registry_that_does_not_answer_is_asked_three_times(
    pulled: Pulled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, 'PAUSE', (0.0, 0.01))
    with pytest.raises(EngineFailed, match='refused'):
        pulled.have('127.0.0.1:1/team/app:1')
    assert pulled.tries == 3


def test_others_ask_it_once_for_a_while(pulled: Pulled, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would wait for what has just been waited for in vain."""
    monkeypatch.setattr(images, 'PAUSE', (0.0, 0.01))
    for name, tries in (('app', 3), ('db', 4), ('web', 5)):
        with pytest.raises(EngineFailed, match='refused'):
            pulled.have(f'127.0.0.1:2/team/{name}:1')
        assert pulled.tries == tries
    monkeypatch.setattr(images, 'REMEMBERED', 0.0)
    with pytest.raises(EngineFailed, match='refused'):
        pulled.have('127.0.0.1:2/team/app:1')
    assert pulled.tries == 8


def test_a_registry_that_answers_again_is_trusted_again(
    pulled: Pulled,
    tmp_path: Path,
    small: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(images, 'PAUSE', (0.0, 0.01))
    with open_registry(tmp_path / 'registry') as running:
        image = f'{running.host}/team/app:1'
        small(image)
    with pytest.raises(EngineFailed, match='refused'):
        pulled.have(image)
    with open_registry(tmp_path / 'registry', running.host) as running:
        pulled.have(image)
    ask(pulled.engine, 'rmi', '--force', image)
    with pytest.raises(EngineFailed, match='refused'):
        pulled.have(image)
    assert pulled.tries == 3 + 1 + 3


def test_credentials_open_a_registry_and_are_forgotten(
    pulled: Pulled,
    tmp_path: Path,
    small: Callable[[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs, aside = tmp_path / 'theirs', tmp_path / 'aside'
    aside.mkdir()
    monkeypatch.setattr('tempfile.tempdir', str(aside))
    with locked_registry(tmp_path / 'registry') as registry:
        image = f'{registry.host}/team/app:1'
        config = ('--config', str(theirs))
        words = ('login', '--username', USER, '--password', PASSWORD, registry.host)
        assert ask(pulled.engine, *config, *words).returncode == 0
        small(image, str(theirs))
        monkeypatch.setenv('DOCKER_CONFIG', str(tmp_path / 'mine'))
        with pytest.raises(EngineFailed, match=r'no basic auth credentials|authorization failed'):
            pulled.have(image)
        with pytest.raises(EngineFailed, match=f"^Docker login for '{registry.host}' failed"):
            pulled.have(image, USER, 'wrong')
        pulled.have(image, USER, PASSWORD)
    assert not (tmp_path / 'mine' / 'config.json').exists()
    assert not list(aside.iterdir())
    assert PASSWORD not in '\n'.join(pulled.said)


def test_an_image_that_was_built_here_has_no_digest(pulled: Pulled) -> None:
    containers.docker()
    assert images_of(pulled, IMAGE) == [(IMAGE, '')]


def images_of(pulled: Pulled, image: str) -> list[tuple[str, str]]:
    asyncio.run(
        images.have(
            pulled.engine,
            image,
            pulled.said.append,
            lambda written, digest: pulled.noted.append((written, digest)),
        )
    )
    return pulled.noted
