"""Where the nodes of a graph stand."""

from xml.etree import ElementTree

from liftlock.server.graph import Node, layers, svg, worst


def node(identity: str, *needs: str, state: str = 'success') -> Node:
    return Node(identity, identity, state, needs=needs)


def names(*nodes: Node) -> list[list[str]]:
    return [[one.id for one in layer] for layer in layers(nodes)]


def test_a_node_stands_behind_the_last_that_it_needs() -> None:
    found = names(node('lint'), node('build'), node('test', 'build'), node('ship', 'lint', 'test'))
    assert found == [['lint', 'build'], ['test'], ['ship']]


def test_nodes_stand_beside_what_they_need() -> None:
    found = names(node('a'), node('b'), node('of-b', 'b'), node('of-a', 'a'))
    assert found == [['a', 'b'], ['of-a', 'of-b']]


def test_a_need_that_is_no_job_of_the_run_is_passed_over() -> None:
    assert names(node('test', 'gone')) == [['test']]


def test_a_circle_ends() -> None:
    assert sum(map(len, names(node('a', 'b'), node('b', 'a')))) == 2


def test_two_hundred_jobs_in_a_row_are_no_trouble() -> None:
    chain = [node('0'), *(node(str(n), str(n - 1)) for n in range(1, 200))]
    assert len(names(*chain)) == 200


def test_the_picture_is_well_formed_whatever_a_job_is_called() -> None:
    nasty = Node('x', '"><script>alert(1)</script>', 'failure', '/runs/1?a=1&b="2"', done=1, legs=3)
    root = ElementTree.fromstring(svg([nasty, node('y', 'x')], 'Jobs & more'))
    assert root.find('.//script') is None
    assert next(one.text for one in root.iter() if one.tag == 'title').startswith('"><script>')


def test_of_several_legs_the_worst_is_told() -> None:
    assert worst(['success', 'failure', 'running']) == 'failure'
    assert worst(['success', 'queued']) == 'queued'
    assert worst(['success', 'skipped']) == 'success'
    assert worst(['skipped']) == 'skipped'
    assert worst([]) == 'waiting'
