#!/usr/bin/env bash
# Runs the pipeline of the example shop in a fresh repository, and says what to try next.
set -euo pipefail
example=$(cd "$(dirname "$0")/shop" && pwd)
command -v liftlock >/dev/null || { echo 'liftlock is not on PATH: pip install liftlock, or make demo'; exit 2; }
command -v git >/dev/null || { echo 'git is missing: install it first'; exit 2; }

place=$(mktemp -d "${TMPDIR:-/tmp}/liftlock-demo-XXXXXX")/shop
cp -R "$example" "$place"
cd "$place"
git init --quiet --initial-branch=main
git add --all
git -c user.name=Demo -c user.email=demo@localhost commit --quiet -m 'A small web shop'
echo "A web shop in a fresh repository: $place"
echo '$ liftlock run'
status=0
liftlock run "$@" || status=$?

cat <<END

Try next, in $place:
  cd $place
  liftlock runs                      every run so far
  liftlock show last                 its jobs, steps, summaries and artifacts
  liftlock logs last -j lint         what a job said
  liftlock plan pull_request         what another event would start
  liftlock check                     every mistake in the workflow files
  echo 'x = ' >> src/shop/app.py && liftlock run -j lint     a failing run, with your changes as they stand
END
exit "$status"
