import pytest

from liftlock.engine.labels import CONFINED, executor, missing, place
from liftlock.language.parse import parse
from liftlock.language.workflow import Job


@pytest.mark.parametrize(
    'labels',
    [
        ('ubuntu-latest',),
        ('ubuntu-24.04',),
        ('Ubuntu-Latest',),
        ('self-hosted', 'linux', 'x64'),
        ('self-hosted', 'Linux', 'X64'),
        ('host',),
    ],
)
def test_linux_jobs_are_served_here(labels: tuple[str, ...]) -> None:
    assert missing(labels, {}, 'x86_64') == ''


@pytest.mark.parametrize(
    ('label', 'because'),
    [
        ('windows-latest', 'Windows'),
        ('macos-14-xlarge', 'macOS'),
        ('ubuntu-24.04-arm', 'needs aarch64, this machine is x86_64'),
        ('arm64', 'needs aarch64'),
        ('gpu', 'this machine has no label "gpu"'),
    ],
)
def test_what_nobody_here_can_serve_is_named(label: str, because: str) -> None:
    found = missing((label,), {}, 'x86_64')
    assert f'no runner here for `runs-on: {label}`' in found
    assert because in found


def test_an_arm_machine_serves_arm_labels() -> None:
    assert missing(('ubuntu-24.04-arm',), {}, 'aarch64') == ''


def test_one_label_that_is_missing_is_enough() -> None:
    assert 'gpu' in missing(('self-hosted', 'gpu'), {}, 'x86_64')


def test_the_settings_of_a_machine_may_name_more_labels() -> None:
    assert missing(('self-hosted', 'GPU'), {'gpu': 'host'}, 'x86_64') == ''


def test_a_job_without_labels_has_no_runner() -> None:
    assert missing((), {}, 'x86_64') != ''


@pytest.mark.parametrize(
    ('place', 'container', 'expected'),
    [
        ('host', '', 'host'),
        ('sandbox', '', 'sandbox'),
        ('docker:debian:12', '', 'docker:debian:12'),
        ('host', 'container: debian:12', 'docker'),
        ('host', "container: {image: 'debian:12', options: --init}", 'docker'),
        ('host', "container: ''", 'host'),
        ('host', "container: '${{ matrix.image }}'", 'host'),
        ('sandbox', "container: {image: '${{ matrix.image }}'}", 'sandbox'),
    ],
)
def test_a_job_is_where_its_own_container_is(place: str, container: str, expected: str) -> None:
    text = f'on: push\njobs:\n  a:\n    runs-on: x\n    {container}\n    steps: [run: make]\n'
    workflow = parse('ci.yml', text).workflow
    assert workflow is not None
    job = workflow.jobs['a']
    assert isinstance(job, Job)
    assert executor(place, job) == expected


@pytest.mark.parametrize(
    ('labels', 'expected'),
    [
        (('ubuntu-latest',), 'host'),
        (('sandbox',), 'sandbox'),
        (('self-hosted', 'Sandbox'), 'sandbox'),
        (('sandbox', 'network'), 'sandbox:network'),
        (('network', 'sandbox'), 'sandbox:network'),
        (('quiet',), 'sandbox'),
        (('quiet', 'network'), 'sandbox'),
        (('loud',), 'sandbox:network'),
        (('image', 'sandbox'), 'docker:debian:12'),
    ],
)
def test_labels_say_where_a_job_runs(labels: tuple[str, ...], expected: str) -> None:
    own = {'quiet': 'sandbox', 'loud': 'sandbox:network', 'image': 'docker:debian:12'}
    assert place(labels, own) == expected


def test_what_would_run_on_the_host_can_be_sent_elsewhere() -> None:
    assert place(('ubuntu-latest',), {}, 'sandbox') == 'sandbox'
    assert place(('big',), {'big': 'host'}, 'sandbox') == 'sandbox'
    assert place(('sandbox', 'network'), {}, 'sandbox') == 'sandbox:network'
    assert place(('image',), {'image': 'docker:debian:12'}, 'sandbox') == 'docker:debian:12'


def test_the_network_is_a_label_beside_the_sandbox_only() -> None:
    assert missing(('sandbox', 'network'), {}) == ''
    assert 'network' in missing(('ubuntu-latest', 'network'), {}, 'x86_64')


@pytest.mark.parametrize('wanted', ['ubuntu-latest', 'host', 'big', 'boxed', 'online'])
def test_what_is_confined_is_in_the_sandbox_whatever_labels_say(wanted: str) -> None:
    own = {'big': 'host', 'boxed': 'docker:ubuntu', 'online': 'sandbox:network'}
    assert place([wanted], own, CONFINED) == 'sandbox'
    assert place(['sandbox', 'network'], own, CONFINED) == 'sandbox'
