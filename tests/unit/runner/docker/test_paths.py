import pytest

from liftlock.runner.docker.paths import Paths

PATHS = Paths(
    [
        ('/state/work/7/build-1', '/__w'),
        ('/state/work/7/build-1/_home', '/github/home'),
        ('/cache/tools', '/__t'),
    ]
)


@pytest.mark.parametrize(
    ('here', 'there'),
    [
        ('/state/work/7/build-1', '/__w'),
        ('/state/work/7/build-1/shop/shop', '/__w/shop/shop'),
        ('/state/work/7/build-1/_home/.npmrc', '/github/home/.npmrc'),
        ('/cache/tools/Python', '/__t/Python'),
    ],
)
def test_a_path_has_two_names(here: str, there: str) -> None:
    assert PATHS.inside(here) == there
    assert PATHS.outside(there) == here


@pytest.mark.parametrize('path', ['', '/', '/etc/hosts', 'sub/dir', '/state/work/7/build-10/x'])
def test_a_path_of_nobodys_stays(path: str) -> None:
    assert PATHS.inside(path) == path
    assert PATHS.translate(path) == path


@pytest.mark.parametrize(
    ('text', 'translated'),
    [
        ('/bin:/cache/tools/bin:/usr', '/bin:/__t/bin:/usr'),
        ('--prefix=/cache/tools', '--prefix=/__t'),
        (". '/state/work/7/build-1/_temp/a.ps1'", ". '/__w/_temp/a.ps1'"),
        ('/cache/tools/a\n/cache/tools/b', '/__t/a\n/__t/b'),
        ('file:///cache/tools/x', 'file:///__t/x'),
        ('/cache/toolsmith', '/cache/toolsmith'),
        ('/state/work/7/build-1.txt', '/state/work/7/build-1.txt'),
    ],
)
def test_paths_are_found_in_a_text(text: str, translated: str) -> None:
    assert PATHS.translate(text) == translated


def test_another_name_leads_to_the_same_place_but_not_back() -> None:
    paths = Paths([('/here', '/github/workspace')], [('/__w/a/a', '/github/workspace')])
    assert paths.translate('/__w/a/a/x /here/y') == '/github/workspace/x /github/workspace/y'
    assert paths.outside('/github/workspace/x') == '/here/x'
