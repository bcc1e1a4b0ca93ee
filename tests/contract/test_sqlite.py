"""What SQLite wants of a process that has a store open more than once."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from liftlock.store import served
from liftlock.store.database import open_store

COME_AND_GO = """
import sys
from pathlib import Path
from liftlock.store import served
from liftlock.store.database import open_store
store = open_store(Path(sys.argv[1]))
served.note(store, int(sys.argv[2]), 'somebody')
store.close()
"""


def test_connections_of_one_process_see_what_others_write_who_come_and_go(tmp_path: Path) -> None:
    """POSIX locks belong to the process: closing any descriptor of the file gives all of them up,
    and the next process that ends takes the log away that both connections here read."""
    with closing(open_store(tmp_path)) as first, closing(open_store(tmp_path)) as second:
        source = str(Path(__file__).parents[2] / 'src')
        for runs in (['7'], ['7', '8']):  # what was read once may be remembered
            command = [sys.executable, '-c', COME_AND_GO, str(tmp_path), runs[-1]]
            subprocess.run(command, env={'PYTHONPATH': source, 'PATH': ''}, check=True)
            written = [(int(run), 'somebody') for run in runs]
            assert served.left(first) == served.left(second) == written
