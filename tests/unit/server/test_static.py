"""What is served to browsers is what was looked at when it was taken in."""

import gzip
import json
from hashlib import sha256

from liftlock.server import static

VENDOR = static.HERE / 'vendor'
LARGEST = 80 * 1024  # bytes of all scripts, compressed


def test_scripts_of_others_are_those_of_the_manifest() -> None:
    manifest = json.loads((VENDOR / 'manifest.json').read_text())
    assert {one.name for one in VENDOR.glob('*.js')} == set(manifest)
    for name, told in manifest.items():
        assert sha256((VENDOR / name).read_bytes()).hexdigest() == told['sha256']


def test_all_scripts_together_are_small() -> None:
    scripts = [content for name, (content, _) in static.files().items() if name.endswith('.js')]
    assert sum(len(gzip.compress(content)) for content in scripts) < LARGEST


def test_an_address_changes_with_what_is_behind_it() -> None:
    digest = static.files()['liftlock.css'][1]
    assert static.address('liftlock.css') == f'/static/{digest}/liftlock.css'
