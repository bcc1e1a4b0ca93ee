import pytest

from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes.names import Doc
from liftlock.targets.kubernetes.routing import gateway, istio, selectors, told
from liftlock.targets.kubernetes.routing.istio import Backend

HEADER = HeaderRoute('testers', (Match('x-canary', 'yes'), Match('ua', 'Fire', 'prefix')), 'r2')
ROUTES = Routes((('r1', 90), ('r2', 10)), 'r2', (HEADER,), (Mirror('shadow', 5, 'r2'),), 'r1')


def told_as(routes: Routes, **spec: object) -> Doc:
    annotations = {'liftlock.dev/routes': told.dump(routes)}
    return {'metadata': {'name': 'shop', 'annotations': annotations}, 'spec': spec}


def test_routes_come_back_as_they_were_written_down() -> None:
    assert told.read(told_as(ROUTES)) == ROUTES
    assert told.read(None) == Routes()
    for text in ('', '[', '[]', '{"weights": 3}', '{"weights": [["r1"]]}'):
        doc = {'metadata': {'annotations': {'liftlock.dev/routes': text}}}
        assert told.read(doc) == Routes()


def test_who_only_stands_by_gets_no_share() -> None:
    assert told.shares(Routes((('r2', 100), ('r1', 0)))) == [('r2', 100)]


@pytest.mark.parametrize(
    ('live', 'wanted', 'covered'),
    [
        ({'a': 1, 'b': 2}, {'a': 1}, True),
        ({'a': [{'b': 1, 'c': 2}]}, {'a': [{'b': 1}]}, True),
        ({'a': [1, 2]}, {'a': [1]}, False),
        ({'a': 1}, {'a': 2}, False),
        ({}, {'a': None}, False),
    ],
)
def test_what_the_server_adds_does_not_matter(live: Doc, wanted: Doc, covered: bool) -> None:
    assert told.covers(live, wanted) is covered


# --- selectors

SERVICE: Doc = {'metadata': {'name': 'shop'}, 'spec': {'selector': {'app': 'shop'}}}
OURS = {'app': 'shop', 'liftlock.dev/environment': 'live'}


@pytest.mark.parametrize(
    ('routes', 'public', 'preview'),
    [
        (Routes(), {'app': 'shop'}, {'app': 'shop'}),
        (Routes((('r1', 100), ('r0', 0))), {**OURS, 'liftlock.dev/revision': 'r1'},
         {**OURS, 'liftlock.dev/revision': 'r1'}),
        (Routes((('r1', 100),), 'r2'), {**OURS, 'liftlock.dev/revision': 'r1'},
         {**OURS, 'liftlock.dev/revision': 'r2'}),
        (Routes((('r1', 50), ('r2', 50))), {**OURS, 'liftlock.dev/serving': 'true'},
         {'app': 'shop'}),
    ],
)  # fmt: skip
def test_selectors_for_routes(routes: Routes, public: Doc, preview: Doc) -> None:
    assert selectors.public(SERVICE, routes, 'live') == public
    assert selectors.preview(SERVICE, routes, 'live') == preview


def test_a_patch_takes_away_what_is_no_longer_asked_for() -> None:
    before: Doc = {'spec': {'selector': {'app': 'shop', 'liftlock.dev/serving': 'true'}}}
    patch = selectors.patch(before, {'app': 'shop', 'liftlock.dev/revision': 'r1'}, Routes())
    assert patch['spec']['selector'] == {
        'app': 'shop', 'liftlock.dev/revision': 'r1', 'liftlock.dev/serving': None,
    }  # fmt: skip


def pod(revision: str, serving: bool, kind: str = 'Pod') -> Doc:
    labels = {'liftlock.dev/revision': revision}
    if serving:
        labels['liftlock.dev/serving'] = 'true'
    return {'kind': kind, 'metadata': {'labels': labels}}


def test_pods_that_share_are_labelled_and_no_others() -> None:
    found = [
        pod('r1', True), pod('r1', False), pod('r2', False), pod('r3', True), pod('r4', False),
        pod('r2', False, 'Deployment'),
    ]  # fmt: skip
    shared = Routes((('r1', 50), ('r2', 50)))
    assert selectors.labels(found, shared) == ({'r1', 'r2'}, {'r3'})
    assert selectors.labels(found, Routes((('r1', 100),))) == (frozenset(), {'r3'})


# --- Istio and Gateway API


@pytest.mark.parametrize(
    ('name', 'ours'),
    [('shop-r1', True), ('shop-r12', True), ('shop', False), ('shop-r', False),
     ('shop-v2-r1', False), ('shop-rx', False)],
)  # fmt: skip
def test_which_services_are_of_revisions(name: str, ours: bool) -> None:
    assert istio.is_revision_of(name, 'shop') is ours


def test_what_leads_nowhere_of_ours_is_told() -> None:
    live = told_as(Routes(), http=[{'route': [{'destination': {'host': 'other'}}]}])
    with pytest.raises(Trouble, match='has no HTTP route to shop'):
        istio.render(live, ROUTES, Backend('shop'))
    live = told_as(Routes(), rules=[{'backendRefs': [{'name': 'other', 'port': 80}]}])
    with pytest.raises(Trouble, match='has no rule that leads to shop'):
        gateway.render(live, ROUTES._replace(mirrors=()), 'shop')
    assert gateway.confirmed(live, 'shop') == Routes()


def test_rendering_again_changes_nothing() -> None:
    live = told_as(Routes(), http=[{'route': [{'destination': {'host': 'shop'}}]}])
    once = istio.render(live, ROUTES, Backend('shop'))
    again = told_as(ROUTES, http=once)
    assert istio.render(again, ROUTES, Backend('shop')) == once
    assert istio.confirmed(again, Backend('shop')) == ROUTES
    rules = gateway.render(
        told_as(Routes(), rules=[{'backendRefs': [{'name': 'shop', 'port': 80}]}]), ROUTES, 'shop'
    )
    assert len(rules) == 2
    assert gateway.render(told_as(ROUTES, rules=rules), ROUTES, 'shop') == rules


def test_a_rule_of_the_author_for_headers_is_kept() -> None:
    theirs: Doc = {
        'matches': [{'headers': [{'name': 'x-other', 'value': '1'}]}],
        'backendRefs': [{'name': 'shop', 'port': 80}],
    }
    live = told_as(Routes(), rules=[theirs, {'backendRefs': [{'name': 'shop', 'port': 80}]}])
    once = gateway.render(live, ROUTES, 'shop')
    over = gateway.render(told_as(ROUTES, rules=once), Routes((('r2', 100),)), 'shop')
    assert [rule.get('matches') for rule in over] == [theirs['matches'], None]


def test_so_many_rules_are_not_possible() -> None:
    rules = [{'backendRefs': [{'name': 'shop', 'port': port}]} for port in range(1, 10)]
    with pytest.raises(Trouble, match='at most 16 rules, and this needs 18'):
        gateway.render(told_as(Routes(), rules=rules), ROUTES, 'shop')


@pytest.mark.parametrize(
    ('generation', 'status', 'accepted'),
    [(2, 'True', True), (1, 'True', False), (2, 'False', False)],
)
def test_a_gateway_must_have_taken_in_the_newest(
    generation: int, status: str, accepted: bool
) -> None:
    conditions = [
        {'type': kind, 'status': status, 'observedGeneration': generation, 'reason': 'No',
         'message': 'why'}
        for kind in ('Accepted', 'ResolvedRefs')
    ]  # fmt: skip
    live = {'metadata': {'generation': 2}, 'status': {'parents': [{'conditions': conditions}]}}
    assert gateway.accepted(live) is accepted
    assert not gateway.accepted({'metadata': {'generation': 2}})
    assert gateway.refusal(live) == ('' if status == 'True' else 'No: why; No: why')


def test_subsets_come_and_go() -> None:
    rule: Doc = {'metadata': {'resourceVersion': '5'}, 'spec': {'subsets': [{'name': 'stable'}]}}
    assert istio.with_subset(rule, 'r2') == {
        'metadata': {'resourceVersion': '5'},
        'spec': {
            'subsets': [
                {'name': 'stable'},
                {'name': 'r2', 'labels': {'liftlock.dev/revision': 'r2'}},
            ]
        },
    }
    assert istio.with_subset(rule, 'stable') is None
    assert istio.without_subset(rule, 'r2') is None
    assert istio.without_subset(rule, 'stable')['spec'] == {'subsets': []}  # type: ignore[index]
