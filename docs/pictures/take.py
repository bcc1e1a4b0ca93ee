"""Take the pictures of the server that stand in README and docs: of a real one, by Chromium.

python docs/pictures/take.py [DIRECTORY]      # where its history is made; else a temporary one
"""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import history
from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
MEASURED = 20.0  # seconds of requests before a canary is shown
WIDTH = 1110  # of the window: texts can still be read at the width of a README
SHARP = 1.5  # pixels of a picture for one of the window
# name, address, colours, height of the window
PICTURES = (
    ('server-run', '/runs/6', 'light', 860),
    ('server-tests', '/runs/6/tests', 'light', 700),
    ('server-timeline', '/runs/5/timeline', 'dark', 620),
    ('server-log', '/runs/6/jobs/unit', 'dark', 700),
    ('server-approvals', '/approvals', 'light', 480),
    ('server-rollout', '/environments/2', 'dark', 1000),
    ('server-overview', '/', 'light', 860),
)


def main(home: Path) -> None:
    history.make(home)
    words = (*history.LIFTLOCK, '--state', str(home / 'state'), 'serve', '--port', '0')
    server = subprocess.Popen(words, cwd=home, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        told = ''.join(server.stdout.readline() for _ in range(4))
        address, token = re.search(r'http://\S+', told), re.search(r'llt_\S+', told)
        assert address, told
        assert token, told
        ask(home)
        take(address[0], token[0])
    finally:
        server.terminate()
        server.wait(timeout=30)
        for environment in ('production', 'staging'):
            liftlock(home, 'down', environment)
        liftlock(home, 'supervise', '--stop')


def liftlock(home: Path, *words: str) -> str:
    state = ('--state', str(home / 'state'))
    ran = subprocess.run(
        (*history.LIFTLOCK, *state, *words),
        cwd=home / 'shop',
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ran.stdout


def ask(home: Path) -> None:
    """Be the customers whose requests the canary is judged by."""
    address = json.loads(liftlock(home, 'status', 'production', '--json')).get('address')
    end = time.monotonic() + MEASURED

    def one(number: int) -> None:
        while address and time.monotonic() < end:
            path = '/products' if number else '/nothing-here'
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f'{address}{path}', timeout=5).read()  # noqa: S310 - ours
            time.sleep(0.05)

    customers = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for customer in customers:
        customer.start()
    for customer in customers:
        customer.join()


def take(address: str, token: str) -> None:
    chromium = shutil.which('chromium') or shutil.which('chromium-browser')
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox'])
        for name, path, scheme, height in PICTURES:
            size = {'width': WIDTH, 'height': height}
            context = browser.new_context(
                viewport=size, color_scheme=scheme, device_scale_factor=SHARP
            )
            shot(context.new_page(), address, token, path, HERE / f'{name}.png')
            context.close()
        browser.close()


def shot(page: Any, address: str, token: str, path: str, file: Path) -> None:
    page.goto(f'{address}/login')
    page.get_by_label('Token').fill(token)
    page.get_by_role('button', name='Log in').click()
    page.wait_for_url(f'{address}/')
    page.goto(address + path)
    page.wait_for_load_state('load')
    page.wait_for_timeout(1500)  # what is fetched after the page itself
    page.evaluate('scrollTo(0, 0)')  # a log begins at its first error
    page.screenshot(path=file)


if __name__ == '__main__':
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).absolute())
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
