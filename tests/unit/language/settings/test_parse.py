from liftlock.language.settings.model import (
    Analyse,
    BlueGreen,
    Canary,
    Environment,
    Pause,
    Process,
    Rolling,
    Settings,
    SetWeight,
    Trigger,
)
from liftlock.language.settings.parse import parse


def read(text: str) -> Settings:
    settings, diagnostics = parse('liftlock.yml', text)
    assert settings is not None, diagnostics
    return settings


def environment(text: str) -> Environment:
    return read(f'environments: {{production: {text}}}').environments['production']


def test_an_empty_file_is_all_defaults() -> None:
    assert read('') == read('# nothing\n') == Settings('liftlock.yml')


def test_an_environment_knows_its_name_and_place() -> None:
    found = read('environments:\n  production: {}\n').environments['production']
    assert found.name.text == 'production'
    assert found.name.span.line == 2


def test_camel_case_and_snake_case_meet_in_the_model() -> None:
    strategy = environment('{strategy: {blueGreen: {scaleDownDelaySeconds: 86400}}}').strategy
    assert isinstance(strategy, BlueGreen)
    assert strategy.scale_down_delay_seconds == 86400


def test_steps_of_a_canary_keep_their_kinds_and_order() -> None:
    steps = '[{setWeight: 10}, {pause: {duration: 1m}}, {analysis: errors}, {pause: {}}]'
    text = f'{{strategy: {{canary: {{steps: {steps}}}}}, analysis: {{errors: {{command: x}}}}}}'
    strategy = environment(text).strategy
    assert isinstance(strategy, Canary)
    first, second, third, fourth = strategy.steps
    assert isinstance(first, SetWeight)
    assert first.percent == 10
    assert second == Pause(60.0)
    assert isinstance(third, Analyse)
    assert fourth == Pause()


def test_a_lone_word_stands_for_a_whole_strategy() -> None:
    assert isinstance(environment('{strategy: rolling}').strategy, Rolling)


def test_a_target_is_the_record_of_its_kind() -> None:
    target = environment('{target: {process: {command: ./serve, instances: 3}}}').target
    assert target == Process('./serve', 3)


def test_one_error_refuses_the_file_and_all_are_told() -> None:
    settings, diagnostics = parse('liftlock.yml', 'ap: x\nretention: {logs: 90}\n')
    assert settings is None
    assert [one.code for one in diagnostics] == ['settings-key', 'settings-value']


def test_a_warning_refuses_nothing() -> None:
    text = 'alerts: [{name: a, condition: unhealthy, notify: [email]}]'
    settings, diagnostics = parse('liftlock.yml', text)
    assert settings is not None
    assert [one.code for one in diagnostics] == ['settings-channel']


def test_a_key_that_is_there_twice_is_a_mistake() -> None:
    _, diagnostics = parse('liftlock.yml', 'app: a\napp: b\n')
    assert [(one.span.line, one.code) for one in diagnostics] == [(2, 'settings-key')]


def test_a_list_at_the_top_is_a_mistake() -> None:
    settings, diagnostics = parse('liftlock.yml', '[a]')
    assert settings is None
    assert [one.code for one in diagnostics] == ['settings-type']


def test_expressions_may_use_only_what_is_known_there() -> None:
    text = 'environments: {e: {analysis: {a: {command: x, env: {A: "${{ secret.x }}"}}}}}'
    _, diagnostics = parse('liftlock.yml', text)
    assert 'secret' in diagnostics[0].message


def test_what_is_said_of_a_job_goes_before_what_is_said_of_all() -> None:
    text = 'sandbox: {network: true, read: /srv, jobs: {test: {network: false, memory: 2GB}}}'
    sandbox = read(text).sandbox
    test, other = sandbox.of('test'), sandbox.of('other')
    assert (test.network, test.read, test.memory) == (False, ('/srv',), 2 << 30)
    assert (other.network, other.read, other.memory) == (True, ('/srv',), None)


def test_what_is_deployed_by_hand_has_no_branches_and_no_tags() -> None:
    parsed = parse('liftlock.yml', 'environments: {production: {on: manual}}')
    assert parsed.settings is not None
    assert parsed.settings.environments['production'].on == Trigger()
