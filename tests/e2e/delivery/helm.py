#!/usr/bin/env python3
"""A `helm` for tests: the command line that Liftlock uses, over the real kubectl.

Charts are rendered by Helm's own library (see charts.py). The command line around it knows exactly
the commands and options that are documented for Helm 3.8 and later and that Liftlock uses, and
refuses all others; a release is what kubectl applies, and a file.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

import charts


def merged(first: Any, second: Any) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return second
    return {**first, **{key: merged(first.get(key), value) for key, value in second.items()}}


def values_of(files: list[str]) -> Any:
    found: Any = {}
    for name in files:
        text = sys.stdin.read() if name == '-' else Path(name).read_text()
        found = merged(found, yaml.safe_load(text))
    return found


def rendered(chart: Path, values: Any, release: str, namespace: str) -> str:
    try:
        return '\n---\n'.join(charts.render(chart, values, release, namespace).values())
    except charts.Refused as error:
        sys.exit(f'Error: {error}')


def main() -> None:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument('--kube-context', default='')
    parser.add_argument('--namespace', default='default')
    commands = parser.add_subparsers(dest='command', required=True)
    for name in ('template', 'upgrade'):
        one = commands.add_parser(name, allow_abbrev=False)
        one.add_argument('release')
        one.add_argument('chart', type=Path)
        one.add_argument('--values', action='append', default=[])
    one.add_argument('--install', action='store_true', required=True)
    one.add_argument('--create-namespace', action='store_true')
    one.add_argument('--description', required=True)
    one.add_argument('--output', choices=('json',), required=True)
    got = commands.add_parser('get', allow_abbrev=False)
    got.add_argument('what', choices=('manifest',))
    got.add_argument('release')
    options = parser.parse_args()
    kept = Path(os.environ['HOME'], f'helm-{options.release}.json')
    if options.command == 'get':
        if not kept.exists():
            sys.exit('Error: release: not found')
        print(json.loads(kept.read_text())['manifest'])
        return
    values = values_of(options.values)
    manifest = rendered(options.chart, values, options.release, options.namespace)
    if options.command == 'template':
        print(manifest)
        return
    before = json.loads(kept.read_text()) if kept.exists() else {'version': 0}
    words = ('kubectl', f'--namespace={options.namespace}', 'apply', '--filename', '-')
    subprocess.run(words, input=manifest.encode(), check=True, stdout=subprocess.DEVNULL)
    release = {
        'name': options.release,
        'version': before['version'] + 1,
        'manifest': manifest,
        'info': {'description': options.description},
        'values': values,
    }
    kept.write_text(json.dumps(release))
    print(json.dumps({key: release[key] for key in ('name', 'version', 'info', 'manifest')}))


if __name__ == '__main__':
    main()
