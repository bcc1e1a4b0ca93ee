"""What asks a program that runs: wapiti and schemathesis.

Wapiti ends with 0 whatever it finds, and schemathesis writes its events as it goes, so a file
without `EngineFinished` is one of a run that was stopped.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.gates.finding import SEVERITIES, Finding
from liftlock.gates.reports.records import Findings
from liftlock.gates.reports.tree import Tree, demanded, inside, line, many, objects, words

CODE: Final = ('code',)
LEVELS: Final = {0: 'low', 1: 'medium', 2: 'high', 3: 'high', 4: 'critical'}  # wapiti's


def looks_wapiti(tree: Tree) -> bool:
    return isinstance(tree, dict) and {'classifications', 'vulnerabilities', 'infos'} <= tree.keys()


def read_wapiti(tree: Tree) -> Findings:
    found: list[Finding] = []
    for part in ('vulnerabilities', 'anomalies'):
        for kind, those in demanded(tree, part, dict).items():
            for one in objects(those if isinstance(those, list) else [None], f'"{kind[:40]}"'):
                level, told = LEVELS.get(line(one, 'level'), ''), words(one, 'info')
                found.append(Finding('wapiti', kind, level, told, words(one, 'path')))
    doubts = () if words(tree, 'infos', 'target') else ('it does not say what it looked at',)
    return Findings('wapiti', CODE, tuple(found), doubts)


# --- schemathesis


def looks_schemathesis(tree: Tree) -> bool:
    """Its first line."""
    return bool(words(tree, 'Initialize', 'schemathesis_version'))


def read_schemathesis(rows: list[Mapping[str, Tree]]) -> Findings:
    events = [(name, body) for row in rows for name, body in row.items()]
    found = [one for name, body in events if name == 'ScenarioFinished' for one in _failures(body)]
    ran = [body for name, body in events if name == 'ScenarioFinished' and _ran(body)]
    ended = [body for name, body in events if name == 'EngineFinished']
    doubts = [words(body, 'message') or name for name, body in events if name.endswith('Error')]
    if not ended or words(ended[-1], 'stop_reason') != 'completed':
        doubts.append('it was stopped before its end')
    if not ran:
        doubts.append('it tried nothing')
    return Findings('schemathesis', CODE, tuple(dict.fromkeys(found)), tuple(doubts))


def _ran(body: Tree) -> bool:
    return words(body, 'status') in ('success', 'failure')


def _failures(body: Tree) -> Iterator[Finding]:
    checks = inside(body, 'recorder', 'checks')
    for those in checks.values() if isinstance(checks, dict) else ():
        for check in many({'those': those}, 'those'):
            if words(check, 'status') != 'failure':
                continue
            told = inside(check, 'failure_info', 'failure')
            level = words(told, 'severity').lower()
            yield Finding(
                'schemathesis',
                words(told, 'code') or words(check, 'name'),
                level if level in SEVERITIES else '',
                words(told, 'title'),
                words(told, 'operation') or words(body, 'recorder', 'label'),
            )
