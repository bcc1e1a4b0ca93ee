import pytest

from liftlock.runner.docker.engine import Answer, describe

PODMAN = {
    'host': {'hostname': 'box', 'security': {'rootless': True, 'selinuxEnabled': True}},
    'version': {'Version': '4.3.1'},
}


def test_docker_is_known_by_what_it_says() -> None:
    told = {'ServerVersion': '20.10', 'Name': 'box', 'SecurityOptions': ['name=seccomp']}
    engine = describe('/usr/bin/docker', told)
    assert (engine.name, engine.rootless, engine.version, engine.machine) == (
        'docker', False, '20.10', 'box',
    )  # fmt: skip
    assert describe('d', {**told, 'SecurityOptions': ['name=rootless']}).rootless


def test_podman_is_known_under_any_name() -> None:
    engine = describe('/usr/bin/docker', PODMAN)
    assert (engine.name, engine.rootless, engine.selinux) == ('podman', True, True)


@pytest.mark.parametrize(
    ('error', 'reason'),
    [
        ('Error response from daemon: No such container: x\n', 'No such container: x'),
        ("docker: Error response from daemon: No.\n\nRun 'docker run --help'", 'No.'),
        ('Error: short-name "x" did not resolve\n', 'short-name "x" did not resolve'),
        ('', 'exit code 125'),
    ],
)  # fmt: skip
def test_the_reason_is_one_line(error: str, reason: str) -> None:
    assert Answer(125, '', error).reason == reason
