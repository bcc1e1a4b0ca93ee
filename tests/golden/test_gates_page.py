"""docs/gates.md names every tool that is known, and its example is a good liftlock.yml."""

from pathlib import Path

from liftlock.gates.reports import tools
from liftlock.gates.rules.judge import RULES
from liftlock.language.settings.parse import parse

PAGE = (Path(__file__).parent.parent.parent / 'docs' / 'gates.md').read_text()


def test_the_example_sets_every_gate() -> None:
    example = PAGE.split('```yaml\n')[1].split('```')[0]
    found = parse('liftlock.yml', example)
    assert found.diagnostics == ()
    assert found.settings is not None
    assert [gate for gate, _ in RULES if not getattr(found.settings.gates, gate)] == []


def test_each_tool_stands_beside_its_gate() -> None:
    rows = {row.split('`')[1]: row for row in PAGE.splitlines() if row.startswith('| `')}
    missing = [
        (tool, gate)
        for tool, gates in tools.GATES.items()
        for gate in gates
        if tool not in rows[gate]
    ]
    assert missing == []
