"""`python -m bench [NAME…]`: run the measurements, all of them or those named."""

import importlib
import pkgutil
import sys
from pathlib import Path

APART = ('__main__', 'report', 'run', 'http', 'ours', 'buildbot')  # what measurements are made with


def main(names: list[str]) -> None:
    folder = str(Path(__file__).parent)
    known = [module.name for module in pkgutil.iter_modules([folder]) if module.name not in APART]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f'no measurement {", ".join(unknown)}; there are: {", ".join(known)}')
    for name in names or known:
        print(f'\n== {name}', flush=True)
        importlib.import_module(f'bench.{name}').main([])


if __name__ == '__main__':
    main(sys.argv[1:])
