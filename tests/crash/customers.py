"""Customers who ask all the time, and know what they got."""

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit


class Customer:
    """Asks all the time, over one connection that it keeps, and counts what it gets."""

    def __init__(self, address: str) -> None:
        self._port = urlsplit(address).port or 0
        self.answers: Counter[str] = Counter()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    @property
    def failures(self) -> Counter[str]:
        """What is no answer of the application."""
        return Counter({one: n for one, n in self.answers.items() if not one.startswith('v')})

    def _ask(self) -> None:
        connection = http.client.HTTPConnection('127.0.0.1', self._port, timeout=20)
        while not self._over.is_set():
            try:
                connection.request('GET', '/')
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.answers[f'!{type(error).__name__}'] += 1
            else:
                said = text if text.startswith('v') else f'!{answer.status} {text[:60]}'
                self.answers[said] += 1
            time.sleep(0.005)
        connection.close()

    def __enter__(self) -> 'Customer':
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._over.set()
        self._thread.join()


@contextlib.contextmanager
def customers(address: str, count: int = 2) -> Iterator[Sequence[Customer]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Customer(address)) for _ in range(count)]


def failures(found: Sequence[Customer]) -> Counter[str]:
    return sum((one.failures for one in found), Counter())
