"""Workflows whose jobs are pods, from the command line to the containers."""

import signal

from e2e.pods.village import Village

EVERYTHING = """
on: push
jobs:
  build:
    runs-on: pod
    outputs: {digest: '${{ steps.made.outputs.digest }}'}
    services:
      echo:
        image: IMAGE
        ports: [8123]
        entrypoint: perl
        command: >-
          -MIO::Socket::INET -e
          "$s=IO::Socket::INET->new(Listen=>5,LocalPort=>8123,ReuseAddr=>1);
          while($c=$s->accept){print $c qq(hello\\n);close $c}"
        options: --health-cmd "bash -c '</dev/tcp/localhost/8123'" --health-interval 1s
    steps:
      - uses: actions/checkout@v4
      - id: made
        run: |
          git log -1 --format='last: %s' && git fsck --connectivity-only
          mkdir -p out/deep && echo one > out/deep/a.txt && ln -s deep/a.txt out/link
          echo "digest=${{ hashFiles('sources/*') }}" >> $GITHUB_OUTPUT
          echo "NAME=of the pod" >> $GITHUB_ENV
          echo "$PWD/bin" >> $GITHUB_PATH
          echo '### made' >> $GITHUB_STEP_SUMMARY
      - run: |
          echo "env: $NAME"
          tool
          echo "made: ${{ hashFiles('out/**') != '' }}"
        shell: bash
      - uses: ./.github/actions/local
        with: {who: local}
      - run: cat < /dev/tcp/localhost/${{ job.services.echo.ports['8123'] }}
        shell: bash
      - run: cat < /dev/tcp/echo/8123
        shell: bash
      - uses: actions/upload-artifact@v4
        with: {name: made, path: out}
  use:
    needs: build
    runs-on: pod
    steps:
      - uses: actions/download-artifact@v4
        with: {name: made, path: got}
      - run: cat got/deep/a.txt got/link; id -u; echo "digest ${{ needs.build.outputs.digest }}"
      - run: exit 3
        continue-on-error: true
      - run: echo "ended with ${{ job.status }}"
"""
LOCAL = """
name: local
inputs: {who: {default: nobody}}
runs:
  using: composite
  steps:
    - run: echo "greets ${{ inputs.who }}"; cat "$GITHUB_ACTION_PATH/note"
      shell: bash
"""


def test_a_workflow_runs_in_pods_with_its_files_services_and_artifacts(village: Village) -> None:
    village.write(
        EVERYTHING,
        **{
            'sources/a': 'one\n',
            'bin/tool': '#!/bin/sh\necho the tool ran\n',
            '.github/actions/local/action.yml': LOCAL,
            '.github/actions/local/note': 'a note\n',
        },
    )
    (village.repository / 'bin/tool').chmod(0o755)
    status, said = village.run()
    logs = village.logs()
    assert status == 0, said + logs
    for line in (
        'last: ', 'env: of the pod', 'the tool ran', 'made: true', 'greets local', 'a note',
        'hello', 'ended with success',
    ):  # fmt: skip
        assert line in logs, logs
    assert logs.count('hello\n') == 2
    digest = next(line for line in logs.splitlines() if 'digest ' in line and 'echo' not in line)
    assert len(digest.rpartition(' ')[2]) == 64
    village.wait(lambda: not village.pods)


def test_a_pod_has_no_token_a_filter_and_what_its_template_says(village: Village) -> None:
    village.configure({'user': 1234, 'container': {'resources': {'limits': {'memory': '256Mi'}}}})
    village.write("""
on: push
jobs:
  one:
    runs-on: pod
    steps:
      - uses: actions/checkout@v4
      - run: |
          echo "user $(id -u)"; touch here; test -w .git && echo writable
          grep NoNewPrivs /proc/self/status; grep CapEff /proc/self/status
          cd /sys/fs/cgroup; cat memory.max memory/memory.limit_in_bytes 2>/dev/null || true; cd -
          touch go; while test -e go; do sleep 0.05; done
""")
    process = village.start('run')
    pod = village.wait(lambda: village.pods and village.pods[0])
    village.wait(lambda: 'go' in village.inside('ls /__w/repository/repository'))
    village.inside('rm /__w/repository/repository/go')
    said, _ = process.communicate(timeout=60)
    logs = village.logs()
    assert process.returncode == 0, said + logs
    for line in ('user 1234', 'writable', 'NoNewPrivs:\t1', 'CapEff:\t0000000000000000'):
        assert line in logs, logs
    assert str(256 << 20) in logs
    spec = pod['spec']
    assert spec['automountServiceAccountToken'] is False
    assert spec['securityContext']['seccompProfile'] == {'type': 'RuntimeDefault'}
    assert spec['securityContext']['runAsNonRoot'] is True
    assert spec['activeDeadlineSeconds'] == (360 + 30) * 60


def test_no_line_is_lost_when_connections_break(village: Village) -> None:
    village.write("""
on: push
jobs:
  one:
    runs-on: pod
    steps:
      - run: |
          i=0
          while [ $i -lt 3000 ]; do
            echo "line $i"; i=$((i+1)); [ $((i % 500)) = 0 ] && sleep 0.5
          done
          echo done
""")
    process = village.start('run')
    cuts = 0
    while process.poll() is None:
        village.wait(lambda: process.poll() is not None or village.cluster.connections)
        try:
            process.wait(0.6)
        except Exception:
            cuts += village.cluster.cut()
    logs = village.logs()
    assert process.returncode == 0, logs
    seen = [line.rpartition(' ')[2] for line in logs.splitlines() if 'line ' in line]
    numbers = [int(word) for word in seen if word.isdecimal()]
    assert numbers == list(range(3000))
    assert cuts >= 2


SLEEPER = """
on: push
jobs:
  one:
    runs-on: pod
    steps:
      - run: |
          trap 'echo interrupted; exit 1' INT
          echo $$ > /tmp/pid; while :; do sleep 0.1; done
      - if: always()
        run: echo and after that
"""


def test_an_evicted_pod_is_told_as_what_it_was(village: Village) -> None:
    village.write(SLEEPER)
    process = village.start('run')
    pod = village.wait(lambda: village.pods and village.pods[0])
    village.wait(lambda: village.inside('cat /tmp/pid').strip())
    assert village.cluster.kubelet is not None
    village.cluster.kubelet.evict(pod['metadata']['name'], message='low on ephemeral-storage')
    said, _ = process.communicate(timeout=60)
    logs = village.logs()
    assert process.returncode == 1
    assert 'The pod of this job is lost: its pod was evicted (Evicted: low on' in said + logs


def test_a_node_that_falls_silent_is_told(village: Village) -> None:
    village.write(SLEEPER)
    process = village.start('run')
    pod = village.wait(lambda: village.pods and village.pods[0])
    village.wait(lambda: village.inside('cat /tmp/pid').strip())
    assert village.cluster.kubelet is not None
    village.cluster.kubelet.fall_silent(pod['metadata']['name'])
    village.cluster.cut()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert 'does not answer' in said + village.logs()


def test_a_cancelled_job_is_interrupted_and_its_pod_goes(village: Village) -> None:
    village.write(SLEEPER)
    process = village.start('run')
    village.wait(lambda: village.pods and village.inside('cat /tmp/pid').strip())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    logs = village.logs()
    assert 'interrupted' in logs
    assert 'and after that' in logs
    village.wait(lambda: not village.pods)


def test_a_pod_of_a_killed_engine_is_removed_by_the_next(village: Village) -> None:
    village.write("""
on: push
jobs:
  one:
    runs-on: pod
    steps:
      - run: test "$GITHUB_RUN_ATTEMPT" = 2 && exit; echo $$ > /tmp/pid; sleep 600
""")
    process = village.start('run')
    village.wait(lambda: village.pods and village.inside('cat /tmp/pid').strip())
    before = village.pods[0]['metadata']['uid']
    process.kill()
    process.communicate()
    next_one = village.start('resume')
    village.wait(lambda: all(pod['metadata']['uid'] != before for pod in village.pods))
    next_one.send_signal(signal.SIGINT)
    next_one.send_signal(signal.SIGINT)
    next_one.communicate(timeout=60)
    village.wait(lambda: not village.pods)


ONE = 'on: push\njobs: {one: {runs-on: pod, steps: [{run: echo ran}]}}\n'


def test_a_quota_without_room_is_waited_for_and_said(village: Village) -> None:
    assert village.cluster.kubelet is not None
    village.cluster.kubelet.full = True
    village.configure(**{'start-minutes': 0.02})
    village.write(ONE)
    status, said = village.run()
    assert status == 1
    assert 'Waiting for room' in village.logs()
    assert 'exceeded quota' in said


def test_a_pod_that_fits_nowhere_fails_when_its_time_is_over(village: Village) -> None:
    village.configure({'nodeSelector': {'pool': 'gpu'}}, **{'start-minutes': 0.02})
    village.write(ONE)
    status, said = village.run()
    assert status == 1
    assert "1 node(s) didn't match Pod's node selector" in said
    village.wait(lambda: not village.pods)


def test_an_image_that_no_registry_has_is_told_at_once(village: Village) -> None:
    village.configure({'image': 'registry.example.org/nobody/nothing:1'})
    village.write(ONE)
    status, said = village.run()
    assert status == 1
    assert 'ErrImagePull' in said
    assert 'not found' in said


def test_what_a_pod_cannot_have_is_refused_by_name(village: Village) -> None:
    village.write(
        'on: push\njobs: {one: {runs-on: pod, container: {image: IMAGE, options: --privileged}, '
        'steps: [{run: echo ran}]}}\n'
    )
    status, said = village.run()
    assert status == 1
    assert '--privileged' in said
    assert 'securityContext' in said
    assert not village.pods
