#!/usr/bin/env bash
# The whole way of the example shop, in a fresh repository: its pipeline runs, version 1 is delivered, a
# bad version 2 is taken back while a customer goes on buying, and version 3 is delivered.
# Nothing of it stays running, unless KEEP=1.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
command -v liftlock >/dev/null || { echo 'liftlock is not on PATH: pip install liftlock, or make demo'; exit 2; }
command -v git >/dev/null || { echo 'git is missing: install it first'; exit 2; }

demo=$(mktemp -d "${TMPDIR:-/tmp}/liftlock-demo-XXXXXX")
export LIFTLOCK_STATE=$demo/state
place=$demo/shop customer=
finish() {
  [ -z "$customer" ] || kill "$customer" 2>/dev/null || true
  [ -n "${KEEP:-}" ] || liftlock down production --reason 'the demo is over' >/dev/null 2>&1 || true
  [ -n "${KEEP:-}" ] || liftlock supervise --stop >/dev/null 2>&1 || true
}
trap finish EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
commit() { git -c user.name=Demo -c user.email=demo@localhost commit --quiet --all -m "$1"; git tag "$2"; }
change() { git apply "$here/changes/$1.patch"; commit "$2" "$3"; }

cp -R "$here/shop" "$place"
cd "$place"
git init --quiet --initial-branch=main
git add --all
commit 'A small web shop' v1.4.0
say "1  The pipeline of a web shop, in a fresh repository: $place"
echo '$ liftlock run'
liftlock run "$@"

say '2  Version 1.4.0, blue-green to production on this machine'
echo '$ liftlock deploy production'
liftlock deploy production

url=$(liftlock status production --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["address"])')
python3 "$here/client.py" "$url" &
customer=$!

say '3  Version 1.5.0 is green in CI, but does not get on with the database that production has'
change hide-products 'Hide products' v1.5.0
liftlock run -j build >"$demo/second.log" || { cat "$demo/second.log"; exit 1; }
echo '$ liftlock deploy production'
if liftlock deploy production; then
  echo 'The bad version was not noticed. That is a bug in liftlock.'
  exit 1
fi

say '4  Version 1.5.1 brings the database up to date first'
change migrate 'Bring old databases up to date' v1.5.1
liftlock run -j build >"$demo/third.log" || { cat "$demo/third.log"; exit 1; }
echo '$ liftlock deploy production'
liftlock deploy production

say '5  What has become of it'
kill "$customer" && wait "$customer" || true
customer=
liftlock deployments production
if [ -n "${KEEP:-}" ]; then
  echo "It goes on running at $url"
else
  liftlock down production --reason 'the demo is over'
fi

cat <<END

Try next:
  cd $place && export LIFTLOCK_STATE=$LIFTLOCK_STATE
  liftlock runs                      every run so far
  liftlock show 1                    its jobs, steps, summaries and artifacts
  liftlock logs 1 -j lint            what a job said
  liftlock plan pull_request         what another event would start
  liftlock check                     every mistake in the workflow files and in liftlock.yml
  liftlock deploy production         the shop again; liftlock status production shows it
  liftlock rollback production       and back to the version before
END
