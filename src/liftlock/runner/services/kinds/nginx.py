"""nginx with what it serves when nobody has told it anything: its page of welcome."""

from typing import Final

from liftlock.language.image import Image
from liftlock.runner.services.asked import Asked
from liftlock.runner.services.kinds import installed
from liftlock.runner.services.kinds.base import Missing, Recipe, Server, Task

PRODUCTS: Final = ('nginx',)
PROGRAMS: Final = ('nginx',)
PARTS: Final = 0
PORT: Final = 80
_ROOT: Final = '/usr/share/nginx/html'
_OFF: Final = ('-g', 'daemon off;')
_HOLDS: Final = ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi')


def find(image: Image) -> Server | Missing:
    program = installed.find(PROGRAMS)
    version = installed.first_number(installed.ask(program, '-v')) if program else ''
    return Server(PRODUCTS[0], version, program) if version else Missing(PRODUCTS[0], 'nginx-light')


def ports(image: Image, asked: Asked) -> tuple[int, ...]:
    return (PORT,)


def recipe(server: Server, task: Task) -> Recipe:
    words = task.words[2:] if task.words[:2] == _OFF else task.words
    return Recipe(
        server=(server.program, '-e', 'stderr', '-c', f'{task.directory}/nginx.conf', *words),
        files={'nginx.conf': _settings(task)},
    )


def _settings(task: Task) -> str:
    port, folder = task.ports[PORT], task.directory
    listens = [
        f'listen {f"[{address}]" if ":" in address else address}:{port};'
        for address in task.addresses
    ]
    http = [
        'types { text/html html htm; }',
        'access_log off;',
        *(f'{name}_temp_path {folder}/{name};' for name in _HOLDS),
        f'server {{ {" ".join(listens)} root {_ROOT}; index index.html index.htm; }}',
    ]
    return (
        f'daemon off;\npid {folder}/pid;\nerror_log stderr notice;\nevents {{}}\n'
        f'http {{\n{"".join(f"  {line}{chr(10)}" for line in http)}}}\n'
    )
