"""The diagram of docs/architecture.md is drawn from the table that moves jobs."""

from pathlib import Path

from liftlock.plan.transitions import TRANSITIONS

PAGE = Path(__file__).parent.parent.parent / 'docs' / 'architecture.md'
BEGIN = '<!-- drawn from TRANSITIONS: pytest tests/golden --update-golden -->\n'


def test_the_diagram_is_current(update_golden: bool) -> None:
    before, _, _ = PAGE.read_text().partition(BEGIN)
    if update_golden:
        PAGE.write_text(before + BEGIN + drawn())
    assert PAGE.read_text() == before + BEGIN + drawn()


def drawn() -> str:
    """As Mermaid, without the arrows from a state to itself."""
    lines = ['    [*] --> waiting']
    for state, moves in TRANSITIONS.items():
        targets = {to: [h.value for h, t in moves.items() if t is to] for to in moves.values()}
        lines += [
            f'    {state.value} --> {to.value}: {", ".join(words)}'
            for to, words in targets.items()
            if to is not state
        ]
    return '```mermaid\nstateDiagram-v2\n' + '\n'.join(lines) + '\n```\n'
