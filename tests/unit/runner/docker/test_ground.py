from liftlock.runner.docker import ground

BASE = {
    'PATH': '/opt/bin',
    'HOME': '/state/_home',
    'LANG': 'C.UTF-8',
    'TZ': 'UTC',
    'CI': 'true',
    'RUNNER_TRACKING_ID': 'github_1',
    'PIP_CACHE_DIR': '/cache/pip',
}


def test_nothing_of_this_machine_but_the_mark() -> None:
    container = {'PATH': '/image/bin', 'CI': 'false', 'TZ': 'Europe/Berlin'}
    assert ground.lay(BASE, container, '/github/home') == {
        'RUNNER_TRACKING_ID': 'github_1',
        'PATH': '/image/bin',
        'HOME': '/github/home',
    }


def test_proxies_and_indexes_that_can_be_reached() -> None:
    reach = {
        'HTTPS_PROXY': 'http://proxy.example.org:3128',
        'http_proxy': 'http://127.0.0.1:3128',
        'NO_PROXY': 'example.org',
        'PIP_INDEX_URL': 'http://localhost:3141/simple',
        'NPM_CONFIG_REGISTRY': 'https://npm.example.org',
        'UV_INDEX_URL': 'https://us@pypi.example.org',
    }
    made = ground.lay(BASE | reach, {'UV_INDEX_URL': 'mine'}, '/h')
    assert {name: made.get(name) for name in reach} == {
        'HTTPS_PROXY': 'http://proxy.example.org:3128',
        'http_proxy': None,
        'NO_PROXY': 'example.org',
        'PIP_INDEX_URL': None,
        'NPM_CONFIG_REGISTRY': 'https://npm.example.org',
        'UV_INDEX_URL': None,
    }
