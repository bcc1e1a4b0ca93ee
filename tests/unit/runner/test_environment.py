import pytest

from liftlock.runner import directories, environment

PLACES = directories.name('/job', 'octo/hello')


def test_the_workspace_is_named_like_on_github() -> None:
    assert PLACES.workspace == '/job/hello/hello'
    assert PLACES.runner_workspace == '/job/hello'
    assert PLACES.event == '/job/_temp/_github_workflow/event.json'
    assert PLACES.commands == '/job/_temp/_runner_file_commands'


def test_the_ground_is_clean_and_shares_only_caches() -> None:
    base = environment.base({'PATH': '/bin', 'TZ': 'Asia/Tokyo'}, '/home', '/caches', 'id')
    assert base['HOME'] == '/home'
    assert base['TZ'] == 'UTC'
    assert base['CI'] == 'true'
    assert base['LANG'] == 'C.UTF-8'
    assert base['RUNNER_TRACKING_ID'] == 'id'
    assert {name: base[name] for name, _ in environment.CACHES} == {
        'PIP_CACHE_DIR': '/caches/pip',
        'npm_config_cache': '/caches/npm',
        'UV_CACHE_DIR': '/caches/uv',
        'PRE_COMMIT_HOME': '/caches/pre-commit',
        'YARN_CACHE_FOLDER': '/caches/yarn',
    }


def test_a_host_without_path_has_the_usual_one() -> None:
    assert environment.base({}, '/h', '/c', 'i')['PATH'] == environment.DEFAULT_PATH


def test_only_texts_and_booleans_of_github_become_variables() -> None:
    fixed = environment.fixed(
        {'sha': 'abc', 'ref_protected': False, 'event': {}, 'token': 't', 'actor': None}, {}
    )
    assert fixed == {
        'GITHUB_ACTIONS': 'true', 'GITHUB_SHA': 'abc', 'GITHUB_REF_PROTECTED': 'false',
    }  # fmt: skip


@pytest.mark.parametrize(
    ('system', 'machine', 'os', 'arch'),
    [
        ('Linux', 'x86_64', 'Linux', 'X64'),
        ('Darwin', 'arm64', 'macOS', 'ARM64'),
        ('Linux', 'riscv64', 'Linux', 'RISCV64'),
    ],
)
def test_the_runner_tells_where_it_is(system: str, machine: str, os: str, arch: str) -> None:
    context = environment.runner(system, machine, 'me', PLACES, '/tools', debug=False)
    assert (context['os'], context['arch'], context['name']) == (os, arch, 'me')
    assert 'debug' not in context
    variables = environment.fixed({}, context)
    assert variables['RUNNER_TEMP'] == '/job/_temp'
    assert variables['RUNNER_TOOL_CACHE'] == '/tools'


def test_debugging_shows_in_the_environment() -> None:
    context = environment.runner('Linux', 'x86_64', 'me', PLACES, '/t', debug=True)
    assert environment.fixed({}, context)['RUNNER_DEBUG'] == '1'


def test_names_of_inputs() -> None:
    assert environment.inputs({'node version': '1', 'with-dash': '2'}) == {
        'INPUT_NODE_VERSION': '1',
        'INPUT_WITH-DASH': '2',
    }
