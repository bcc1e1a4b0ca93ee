"""PyYAML put in place unread: seen from a fresh process, as a run begins in one."""

import subprocess
import sys

SCRIPT = """
import sys
from liftlock.language.parse import parse
assert parse('a.yml', 'on: push\\njobs: {a: {runs-on: x, steps: [{run: y}]}}').workflow
assert 'yaml.reader' not in sys.modules, 'PyYAML was read'
import yaml
assert yaml.safe_load('a: [1, 2.5]') == {'a': [1, 2.5]}
try:
    yaml.load('a: [', Loader=yaml.CSafeLoader)
except yaml.YAMLError as error:
    print(error)
"""


def test_reading_a_workflow_reads_only_libyaml_and_others_find_all_of_yaml() -> None:
    ended = subprocess.run([sys.executable, '-c', SCRIPT], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert 'did not find expected node content' in ended.stdout
