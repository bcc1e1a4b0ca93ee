"""Markdown of strangers as HTML that can do no harm: what is not on the list is text.

Summaries are written by jobs, so by whoever can change a workflow. Tags and attributes are let
through by name, addresses only as http, https and mail; there is no style, no id and no script.
Pictures of elsewhere become links: showing one would tell its owner who looks.
"""

from functools import cache
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

TAGS: Final = frozenset(
    ('a', 'b', 'blockquote', 'br', 'code', 'dd', 'del', 'details', 'div', 'dl', 'dt', 'em', 'h1',
     'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'ins', 'kbd', 'li', 'ol', 'p', 'pre', 's', 'samp',
     'span', 'strong', 'sub', 'summary', 'sup', 'table', 'tbody', 'td', 'tfoot', 'th', 'thead',
     'tr', 'ul', 'var')
)  # fmt: skip
EMPTY: Final = frozenset({'br', 'hr'})
SILENT: Final = frozenset({'script', 'style', 'template', 'iframe', 'object', 'svg', 'math'})
ATTRIBUTES: Final = frozenset({'align', 'colspan', 'rowspan', 'open', 'start', 'title', 'scope'})
SCHEMES: Final = ('http://', 'https://', 'mailto:', '#')
LARGEST: Final = 1024 * 1024  # characters, as on GitHub
HEADINGS: Final = frozenset({'h1', 'h2', 'h3', 'h4', 'h5', 'h6'})
ABOVE: Final = 3  # the level of the page's heading over it


def html(markdown: str) -> str:
    return clean(_reader().render(markdown[:LARGEST]))


def clean(text: str) -> str:
    """Any HTML, made harmless and well-formed."""
    cleaner = _Cleaner()
    cleaner.feed(text)
    cleaner.close()
    return cleaner.done()


@cache
def _reader() -> 'MarkdownIt':
    from markdown_it import MarkdownIt

    return MarkdownIt('commonmark', {'html': True}).enable(['table', 'strikethrough'])


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._open: list[str] = []
        self._silent = 0
        self._level = ABOVE

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        if self._silent:
            return
        given = {name: value or '' for name, value in attrs}
        if tag == 'img':
            self._picture(given)
        if tag not in TAGS:
            return
        tag = self._heading(tag) if tag in HEADINGS else tag
        self._parts.append(f'<{tag}{_attributes(tag, given)}>')
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(self._silent - 1, 0)
            return
        if tag in HEADINGS:
            tag = next((one for one in reversed(self._open) if one in HEADINGS), tag)
        if self._silent or tag not in self._open:
            return
        while (last := self._open.pop()) != tag:
            self._parts.append(f'</{last}>')
        self._parts.append(f'</{tag}>')

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._parts.append(escape(data, quote=False))

    def done(self) -> str:
        return ''.join(self._parts) + ''.join(f'</{tag}>' for tag in reversed(self._open))

    def _heading(self, tag: str) -> str:
        """Below the page's own, and none is left out on the way down."""
        self._level = min(ABOVE + int(tag[1]), self._level + 1, 6)
        return f'h{self._level}'

    def _picture(self, given: dict[str, str]) -> None:
        name = escape(given.get('alt') or 'picture')
        address = given.get('src', '')
        if address.startswith(('https://', 'http://')):
            name = f'<a href="{escape(address)}" rel="noreferrer nofollow">{name}</a>'
        self._parts.append(name)


def _attributes(tag: str, given: dict[str, str]) -> str:
    kept = {name: value for name, value in given.items() if name in ATTRIBUTES}
    address = given.get('href', '').strip()
    if tag == 'a' and address.lower().startswith(SCHEMES):
        kept |= {'href': address, 'rel': 'noreferrer nofollow'}
    return ''.join(f' {name}="{escape(value)}"' for name, value in kept.items())
