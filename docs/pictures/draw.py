"""Draw what a terminal shows as SVG.

tmux capture-pane -e -p | python docs/pictures/draw.py 'liftlock run' > docs/pictures/run.svg
"""

import io
import re
import sys

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

NORMAL = ['#485460', '#f07178', '#7ec88f', '#e5c07b', '#61afef', '#c68cec', '#56c0c8', '#dce2e8']
BRIGHT = ['#6e7a86', '#ff8b92', '#98dca6', '#f5d496', '#82c4fa', '#d6a4f6', '#78d4dc', '#ffffff']


def rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


THEME = TerminalTheme(
    rgb('#0f1720'), rgb('#dce2e8'), [rgb(one) for one in NORMAL], [rgb(one) for one in BRIGHT]
)


def draw(captured: str, title: str) -> str:
    text = Text.from_ansi(captured.rstrip())
    width = max(map(len, text.plain.splitlines()))
    console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True)
    console.print(text, crop=False, no_wrap=True)
    svg = console.export_svg(title=title, theme=THEME)
    return re.sub(r'@font-face \{.*?\}\s*', '', svg, flags=re.DOTALL)  # they would be fetched


if __name__ == '__main__':
    sys.stdout.write(draw(sys.stdin.read(), sys.argv[1]))
