"""GitHub's numbers of owners and repositories, which its lock format wants beside each pin."""

import json
import os
from typing import Final

_PATIENCE: Final = 5.0  # seconds


def ask(owner_repo: str) -> tuple[int, int] | None:
    """Ids of owner and repository; None when GitHub cannot be asked or doesn't know them."""
    from urllib.error import URLError
    from urllib.request import urlopen

    base = os.environ.get('GITHUB_API_URL', 'https://api.github.com')
    try:
        with urlopen(f'{base}/repos/{owner_repo}', timeout=_PATIENCE) as answer:  # noqa: S310
            content = json.load(answer)
        return int(content['owner']['id']), int(content['id'])
    except (URLError, OSError, ValueError, KeyError, TypeError):
        return None
