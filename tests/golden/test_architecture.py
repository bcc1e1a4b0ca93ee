"""The diagrams of docs/architecture.md are drawn from the tables that move jobs and deployments."""

from pathlib import Path

from liftlock.plan.transitions import TRANSITIONS
from liftlock.rollout import phases

PAGE = Path(__file__).parent.parent.parent / 'docs' / 'architecture.md'
BEGIN = '<!-- drawn from TRANSITIONS: pytest tests/golden --update-golden -->\n'
PHASES = '<!-- drawn from phases.TRANSITIONS: pytest tests/golden --update-golden -->\n'
END = '<!-- end of what is drawn -->\n'


def test_the_diagrams_are_current(update_golden: bool) -> None:
    page = PAGE.read_text()
    current = _with(_with(page, BEGIN, drawn()), PHASES, drawn_phases())
    if update_golden:
        PAGE.write_text(current)
    assert PAGE.read_text() == current


def _with(page: str, begin: str, drawing: str) -> str:
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(END)
    return before + begin + drawing + END + after


def drawn_phases() -> str:
    lines = ['    [*] --> waiting']
    for phase, moves in phases.TRANSITIONS.items():
        lines += [
            f'    {phase.value} --> {to.value}: {kind.__name__}' for kind, to in moves.items()
        ]
    return '```mermaid\nstateDiagram-v2\n' + '\n'.join(lines) + '\n```\n'


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
