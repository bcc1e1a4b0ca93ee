"""`hashFiles()` on small trees: our own cases, and GitHub's where they lie beside us."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from liftlock.language.expressions.errors import ExpressionError
from liftlock.runner.hashfiles import FOLLOW, hash_files

HERE = Path(__file__).parent
SHARED = Path(os.environ.get('LIFTLOCK_VECTORS') or HERE.parents[3] / 'shared/reference/vectors')
OWN = json.loads((HERE / 'own.json').read_text())


def build(tree: Any, root: Path) -> None:
    for name, text in tree['files'].items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for name, target in tree['symlinks'].items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)


def digest(files: list[str], root: Path) -> str:
    whole = hashlib.sha256()
    for name in files:
        whole.update(hashlib.sha256((root / name).read_bytes()).digest())
    return whole.hexdigest() if files else ''


def check(vector: Any, root: Path) -> None:
    arguments = [*([FOLLOW] if vector.get('follow') else []), *vector['patterns']]
    if 'error' in vector:
        with pytest.raises(ExpressionError):
            hash_files(arguments, str(root), '/home/nobody')
        return
    expected = vector['hash'] if 'hash' in vector else digest(vector['files'], root)
    assert hash_files(arguments, str(root), '/home/nobody') == expected


@pytest.fixture(scope='module')
def own_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp('own')
    build(OWN['tree'], root)
    return root


@pytest.mark.parametrize('vector', OWN['vectors'], ids=lambda vector: ' '.join(vector['patterns']))
def test_our_cases(vector: Any, own_tree: Path) -> None:
    check(vector, own_tree)


def test_githubs_cases(tmp_path: Path) -> None:
    file = SHARED / 'hashfiles_vectors.json'
    if not file.exists():
        pytest.skip(f'set LIFTLOCK_VECTORS to a directory with {file.name}')
    found = json.loads(file.read_text('utf-8'))
    build(found['tree'], tmp_path)
    for vector in found['vectors']:
        check(vector, tmp_path)


def test_home_and_other_places_do_not_count(tmp_path: Path) -> None:
    workspace, home = tmp_path / 'work', tmp_path / 'home'
    for folder in (workspace, home):
        folder.mkdir()
        (folder / 'a').write_text('a')
    assert hash_files(['~/a'], str(workspace), str(home)) == ''
    assert hash_files([str(home / 'a')], str(workspace), str(home)) == ''
    assert hash_files([str(workspace / 'a')], str(workspace), str(home)) != ''


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / 'link').symlink_to('nowhere')
    with pytest.raises(ExpressionError, match='link'):
        hash_files(['link'], str(tmp_path), '/')
