"""What becomes of an environment in the router: arriving, shown, settled."""

from liftlock.rollout.sight import HeaderRoute, Match, Mirror, Routes
from liftlock.targets.envoy import documents, entry
from liftlock.targets.envoy.entry import Entry
from liftlock.targets.envoy.part import Health, Part

A, B = ('127.0.0.1:1',), ('127.0.0.1:2',)


def part(routes: Routes, **endpoints: tuple[str, ...]) -> Part:
    return Part('production', 8080, 8090, routes, endpoints, Health('/up'), 5.0)


OLD = part(Routes((('r1', 100),)), r1=A)
NEW = part(Routes((('r2', 100),)), r2=B)
BOTH = part(Routes((('r1', 90), ('r2', 10)), fallback='r1'), r1=A, r2=B)
SHOWN = entry.shown(entry.arriving(None, OLD))


def names(made: documents.Documents) -> list[str]:
    return [cluster['name'] for cluster in made.clusters]


def test_what_comes_first_is_known_to_envoy_before_any_port_listens() -> None:
    made = documents.make([entry.arriving(None, OLD)])
    assert names(made) == ['r1@production']
    assert made.routes == {}
    assert made.listeners == []


def test_while_the_new_one_arrives_the_old_routes_hold() -> None:
    made = documents.make([entry.arriving(SHOWN, NEW)])
    assert names(made) == ['r1@production', 'r2@production']
    (routes,) = made.routes['routes/production.json']
    assert 'r1@production' in str(routes)
    assert 'r2@production' not in str(routes)


def test_who_left_the_routes_stays_with_its_endpoints_until_it_is_settled() -> None:
    left = entry.shown(entry.arriving(SHOWN, NEW))
    assert left.leaving == {'r1': A}
    made = documents.make([left])
    assert names(made) == ['r1@production', 'r2@production']
    assert '127.0.0.1' in str(made.endpoints['endpoints/r1@production.json'])
    assert 'r1@production' not in str(made.routes)
    assert names(documents.make([entry.settled(left, ['r1'])])) == ['r2@production']


def test_who_comes_back_while_it_leaves_is_not_leaving() -> None:
    left = entry.shown(entry.arriving(SHOWN, NEW))
    back = entry.arriving(left, OLD)
    assert back.leaving == {'r2': B}
    assert entry.settled(entry.shown(back), ['r2']) == SHOWN


def test_a_fallback_of_the_old_routes_stays_until_the_new_ones_hold() -> None:
    guarded = entry.shown(entry.arriving(SHOWN, BOTH))
    coming = entry.arriving(guarded, NEW)
    assert names(documents.make([coming]))[-1] == 'r2@production+r1'
    # Envoy gets clusters before routes: it would answer 503 by itself in between.
    there = entry.shown(coming)
    assert names(documents.make([there]))[-1] == 'r2@production+r1'
    assert names(documents.make([entry.settled(there, ['r1'])])) == ['r2@production']


def test_whoever_is_overtaken_leaves_its_guards_until_somebody_has_settled() -> None:
    guarded = entry.shown(entry.arriving(SHOWN, BOTH))
    overtaken = entry.shown(entry.arriving(guarded, NEW))
    again = entry.shown(entry.arriving(overtaken, OLD))
    assert again.spare == (('r2', 'r1'),)
    assert entry.settled(again, ['r2']) == SHOWN
    assert entry.arriving(again, BOTH).spare == ()


def test_only_who_gets_more_has_to_be_healthy_first() -> None:
    coming = entry.arriving(SHOWN, BOTH)
    assert entry.rising(coming) == ('r2',)
    assert entry.rising(entry.shown(coming)) == ()
    assert entry.rising(entry.arriving(entry.shown(coming), OLD)) == ('r1',)


def test_a_header_route_is_traffic_and_a_mirror_or_a_preview_is_not() -> None:
    sent = (HeaderRoute('beta', (Match('a', 'b'),), 'r2'),)
    mirrored = (Mirror('shadow', 10, 'r3'),)
    wanted = Routes((('r1', 100),), 'r4', sent, mirrored)
    coming = entry.arriving(SHOWN, part(wanted))
    assert entry.rising(coming) == ('r2',)


def test_changed_instances_concern_nobody_else() -> None:
    both = entry.shown(entry.arriving(SHOWN, BOTH))
    changed = entry.changed(both, {'r2': ('127.0.0.1:3',)})
    before, after = documents.make([both]), documents.make([changed])
    assert {file for file in after.files() if after.files()[file] != before.files()[file]} == {
        'endpoints/r2@production.json'
    }


def test_environments_stand_side_by_side() -> None:
    other = Entry(OLD._replace(environment='staging', listen=8081, preview=0), Routes())
    made = documents.make([other, SHOWN])
    assert names(made) == ['r1@production', 'r1@staging']
    assert [one['name'] for one in made.listeners] == [
        'production',
        'production+preview',
        'staging',
    ]


def test_an_entry_is_the_same_after_it_was_kept() -> None:
    sent = (HeaderRoute('beta', (Match('a', 'b', 'prefix'),), 'r2'),)
    wanted = Routes((('r1', 100),), 'r4', sent, (Mirror('shadow', 10, 'r3'),), 'r1')
    kept = entry.shown(entry.arriving(SHOWN, part(wanted, r1=A)))
    kept = kept._replace(leaving={'r9': B}, spare=(('r9', 'r1'),))
    assert entry.of(entry.document(kept)) == kept
    assert entry.of(entry.document(entry.arriving(None, OLD))).shown is None
