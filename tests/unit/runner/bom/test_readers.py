import base64
import json
from typing import Any

import pytest

from liftlock.runner.bom import npm, python
from liftlock.runner.bom.component import Component, Unreadable


def pypi(name: str, version: str = '', *hashes: tuple[str, str], license: str = '') -> Component:
    return Component('pypi', name, version, 'f', hashes, license)


REQUIREMENTS = """
# comment
-r other.txt
--index-url https://packages.example.org/simple
Django==4.2.1 ; python_version > "3.8"   # why
zope.interface[test]==6.0 \\
    --hash=sha256:AB12 \\
    --hash=sha256:cd34
open_ended >=1,<2
bare
wild==1.*
exact===1.0+local
-e git+https://example.org/x#egg=x
https://example.org/y.whl
./local
"""


def test_requirements_are_read_with_their_hashes() -> None:
    assert list(python.read_requirements(REQUIREMENTS, 'f')) == [
        pypi('django', '4.2.1'),
        pypi('zope-interface', '6.0', ('sha256', 'ab12'), ('sha256', 'cd34')),
        pypi('open-ended'),
        pypi('bare'),
        pypi('wild'),
        pypi('exact', '1.0+local'),
    ]


@pytest.mark.parametrize(
    'text',
    [
        '[[packages]]\nname = "A.b"\nversion = "1"\nsdist = {hashes = {sha256 = "AB"}}\n'
        'wheels = [{url = "x", hashes = {sha256 = "CD"}}]\n',
        '[[package]]\nname = "A.b"\nversion = "1"\n'
        'files = [{file = "x", hash = "sha256:cd"}, {file = "y", hash = "sha256:ab"}]\n',
        'version = 1\n[[package]]\nname = "mine"\nversion = "0"\nsource = {virtual = "."}\n'
        '[[package]]\nname = "A.b"\nversion = "1"\nsource = {registry = "x"}\n'
        'sdist = {hash = "sha256:ab"}\nwheels = [{hash = "sha256:cd"}]\n',
    ],
    ids=['pylock', 'poetry', 'uv'],
)
def test_lock_files_of_python_are_read(text: str) -> None:
    found = list(python.read_toml_lock(text, 'f'))
    assert found == [pypi('a-b', '1', ('sha256', 'cd'), ('sha256', 'ab'))]


def test_a_lock_of_pipenv_is_read() -> None:
    content = {
        'default': {'A': {'version': '==1', 'hashes': ['sha256:ab']}},
        'develop': {'b': {'git': 'https://x'}},
    }
    assert list(python.read_pipfile_lock(content, 'f')) == [
        pypi('a', '1', ('sha256', 'ab')),
        pypi('b'),
    ]


def test_metadata_of_packages_is_read() -> None:
    text = 'Metadata-Version: 2.4\nName: My_App\nVersion: 1.0\nLicense-Expression: MIT\n\nName: x\n'
    assert list(python.read_metadata(text, 'f')) == [pypi('my-app', '1.0', license='MIT')]


def test_locks_of_npm_are_read_in_all_versions() -> None:
    integrity = f'sha512-{base64.b64encode(b"abc").decode()} sha1-%%%'
    entry = {'version': '1.0', 'integrity': integrity, 'license': 'MIT'}
    third: dict[str, Any] = {
        'lockfileVersion': 3,
        'packages': {
            '': {'name': 'mine'},
            'node_modules/@a/b': entry,
            'node_modules/@a/b/node_modules/c': {'version': '2.0'},
            'node_modules/alias': {'name': 'real', 'version': '3.0'},
            'node_modules/here': {'link': True},
            'packages/here': {'version': '0'},
        },
    }
    first = {
        'lockfileVersion': 1,
        'dependencies': {'@a/b': {**entry, 'dependencies': {'c': {'version': '2.0'}}}},
    }
    scoped = Component('npm', '@a/b', '1.0', 'f', (('sha512', b'abc'.hex()),), 'MIT')
    inner = Component('npm', 'c', '2.0', 'f')
    assert list(npm.read_lock(third, 'f')) == [scoped, inner, Component('npm', 'real', '3.0', 'f')]
    assert list(npm.read_lock(first, 'f')) == [scoped, inner]


@pytest.mark.parametrize('content', [[], {}, {'name': 'x'}, json.loads('"x"')])
def test_what_is_no_lock_is_told(content: Any) -> None:
    with pytest.raises(Unreadable):
        list(npm.read_lock(content, 'f'))
    assert not list(python.read_pipfile_lock(content, 'f'))


@pytest.mark.parametrize('text', ['', 'Name: x\n', 'hello'])
def test_metadata_without_name_and_version_is_none(text: str) -> None:
    with pytest.raises(Unreadable):
        list(python.read_metadata(text, 'f'))


def test_a_damaged_lock_says_what_is_wrong() -> None:
    with pytest.raises(Unreadable, match='no TOML'):
        list(python.read_toml_lock('[[', 'f'))
