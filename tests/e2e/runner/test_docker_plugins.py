"""What a job on the host has of the user's Docker."""

from pathlib import Path

from liftlock.runner.docker.plugins import lend


def test_a_job_finds_the_users_plugins_and_not_his_passwords(tmp_path: Path) -> None:
    config, home = tmp_path / 'config', tmp_path / 'home'
    (config / 'cli-plugins').mkdir(parents=True)
    (config / 'cli-plugins' / 'docker-buildx').touch()
    (config / 'config.json').touch()
    home.mkdir()
    lend(str(home), str(config))
    assert (home / '.docker/cli-plugins/docker-buildx').exists()
    assert not (home / '.docker/config.json').exists()
    lend(str(home), str(config))


def test_without_plugins_the_home_stays_empty(tmp_path: Path) -> None:
    lend(str(tmp_path), str(tmp_path / 'nothing'))
    assert list(tmp_path.iterdir()) == []
