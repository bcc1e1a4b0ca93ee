"""Coverage of a change: `diff-cover --format json:FILE`. Lines are counted, not believed."""

from liftlock.gates.reports.records import Patch, Unreadable
from liftlock.gates.reports.tree import Tree, counted, demanded


def looks(tree: Tree) -> bool:
    return isinstance(tree, dict) and {'src_stats', 'total_num_violations'} <= tree.keys()


def read(tree: Tree) -> Patch:
    missing: list[tuple[str, int]] = []
    for path, file in demanded(tree, 'src_stats', dict).items():
        lines = demanded(file, 'violation_lines', list)
        if not all(type(line) is int for line in lines):
            raise Unreadable(f'a line of {path[:200]} has no number')
        missing += [(path, line) for line in lines]
    measured = counted(tree, 'total_num_lines')
    if len(missing) != counted(tree, 'total_num_violations') or len(missing) > measured:
        raise Unreadable('its lines and its totals contradict one another')
    return Patch(counted(tree, 'num_changed_lines'), measured, tuple(sorted(missing)))
