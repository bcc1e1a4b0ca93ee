"""Chromium, driven by Playwright, as somebody who is logged in."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from serving import Server

CHROMIUM = shutil.which('chromium') or shutil.which('chromium-browser') or ''
LACKING = 'install chromium (apt-get install chromium) and the Python package playwright'


@contextmanager
def browser() -> Iterator[Any]:
    """Skips where there is none; in CI that is a failure."""
    must = os.environ.get('CI') == 'true'
    sync_api = None
    if CHROMIUM:
        sync_api = _import() if must else pytest.importorskip('playwright.sync_api')
    if sync_api is None:
        if must:
            pytest.fail(LACKING)
        pytest.skip(LACKING)
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM, args=['--no-sandbox', '--disable-gpu']
        )
        yield opened
        opened.close()


def _import() -> Any:
    from playwright import sync_api

    return sync_api


class Window:
    """A page of somebody who is logged in. What the browser complains about is kept."""

    def __init__(self, browser: Any, server: Server, token: str, **how: Any) -> None:
        self.context = browser.new_context(**{'viewport': {'width': 1280, 'height': 800}, **how})
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on('console', self._hear)
        self.page.on('pageerror', lambda error: self.complaints.append(str(error)))
        self.address = server.address
        self.page.goto(f'{server.address}/login')
        self.page.get_by_label('Token').fill(token)
        self.page.get_by_role('button', name='Log in').click()
        self.page.wait_for_url(f'{server.address}/')

    def open(self, path: str) -> Any:
        self.page.goto(self.address + path)
        return self.page

    def _hear(self, message: Any) -> None:
        if message.type in ('error', 'warning'):
            self.complaints.append(message.text)
