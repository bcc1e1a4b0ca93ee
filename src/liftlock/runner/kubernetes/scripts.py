"""What shells in a pod are told. They need no more than `sh`, `tar` and what stands beside them in
any image, busybox included.

A process does not hang on the connection by which it was started: it writes into a file, and
whoever listens reads on from where it was, over as many connections as it takes.

    /__l/7/order      the command, as a script
    /__l/7/run/pid    of the process, which leads a session of its own
    /__l/7/run/log    what it has printed
    /__l/7/run/why    only where it could not be started
    /__l/7/run/status of the process
    /__l/7/run/closed is there when nobody can print any more
"""

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Final

MARK: Final = b'\x01liftlock '
TERMINAL: Final = '/__l/terminal'
MISSING: Final = 'missing'
NOWHERE: Final = 'nowhere'

# $1 directory of the order, $2 bytes of the archive on standard input, $3 where to read on,
# $4 tenths of a second for what children print after the end, $5 directory of command files,
# $6 directory of an order that is done. Of command files that are too large for anybody's patience
# no more than eleven megabytes come: that is enough to refuse them.
RUN: Final = r"""
d=$1 n=$2 at=$3 tenths=$4 files=$5
say() { printf '\001liftlock %s\n' "$*" >&2; }
nap() { sleep "$1" 2>/dev/null || sleep 1; }
follow() {
  exec 3<"$d/run/log"
  [ "$at" -gt 0 ] && dd bs=1 count=0 skip="$at" <&3 2>/dev/null
  i=0 left=$tenths w=.01 e=
  while :; do
    [ -e "$d/run/closed" ] && e=1
    if [ -e "$d/run/status" ]; then
      [ "$left" -le 0 ] && e=1
      [ "$left" = "$tenths" ] && w=.01 || w=.1
      left=$((left - 1))
    elif [ "$new" = no ] && [ $i = 20 ] && ! kill -0 "$(cat "$d/run/wrapper")" 2>/dev/null; then
      nap .3
      [ -e "$d/run/status" ] || { say lost; exit 0; }
    fi
    [ "$e" ] && size=$(wc -c <"$d/run/log")
    cat <&3
    [ "$e" ] && break
    i=$((i + 1))
    case $i in 5) w=.03;; 10) w=.07;; 20) w=.15;; esac
    [ $((i % 60)) = 0 ] && say here
    nap $w
  done
  t=0
  find "$files" -type f -size +22528 2>/dev/null | while IFS= read -r one; do
    head -c 11534336 "$one" >"$one.cut" && mv "$one.cut" "$one"
  done
  if [ -d "$files" ] && tar -cf "$d/files.tar" -C "$files" . 2>/dev/null; then
    t=$(($(wc -c <"$d/files.tar")))
  fi
  say ended "$(cat "$d/run/status")" $((size)) $t $(cat "$d/run/why" 2>/dev/null)
  [ $t -gt 0 ] && cat "$d/files.tar" >&2
  exit 0
}
[ -n "$6" ] && rm -rf "$6"
if [ "$n" -gt 0 ] && ! [ -e "$d/run/log" ]; then
  head -c "$n" | tar -xpof - -C / || { say failed; exit 1; }
fi
new=no
if mkdir "$d/run" 2>/dev/null; then
  : >"$d/run/log" && new=yes
fi
[ -e "$d/run/log" ] || { say failed; exit 1; }
say begun "$(date +%s)"
[ $new = no ] && follow
follow &
apart=
command -v setsid >/dev/null 2>&1 && apart=setsid
$apart sh "$d/wrap" "$d" $apart </dev/null >/dev/null 2>&1
wait
"""

# In the foreground all the way, or interrupts would be ignored.
WRAP: Final = r"""
d=$1
echo $$ >"$d/run/wrapper"
{
  $2 sh "$d/order" "$d"
  echo $? >"$d/run/status.new"
  mv "$d/run/status.new" "$d/run/status"
} </dev/null 2>&1 | cat >"$d/run/log"
: >"$d/run/closed"
"""

# $1 directory of the order, $2 signal, $3 `-` for the whole group
SIGNAL: Final = r"""
i=0
until [ -s "$1/run/pid" ] || [ -e "$1/run/status" ] || [ $i -ge 50 ]; do
  i=$((i + 1)); sleep .1 2>/dev/null || sleep 1
done
kill -s "$2" -- "$3$(cat "$1/run/pid")"
"""

# What is there; a line each: kind and mode, size, times of the contents and of the rest, name
LIST: Final = r"""
date +%s
for top; do
  [ -d "$top" ] || continue
  find "$top" -name '*
*' -prune -o -exec stat -c '%f %s %Y %Z %n' {} +
done
exit 0
"""

# Names on standard input; those that are gone meanwhile are left out
FETCH: Final = r"""tar -cf - -C / --no-recursion -T - 2>/dev/null; exit 0"""

# $1 bytes of names on standard input, then an archive of $2 bytes
TAKE: Final = r"""
if [ "$1" -gt 0 ]; then
  head -c "$1" >/__l/gone
  while IFS= read -r name; do rm -rf -- "$name"; done </__l/gone
fi
[ "$2" = 0 ] || head -c "$2" | tar -xpof - -C / || exit 1
date +%s
"""

# What the image has, and what processes begin with
PROBE: Final = r"""
mkdir -p /github/home /github/workflow || exit 1
id -u; id -g; date +%s; uname -m
command -v bash >/dev/null 2>&1 && echo bash || echo sh
tar --version 2>/dev/null | head -n 1 | grep -q GNU && echo gnu || echo other
for tool in tar stat find head wc dd cat mkdir mv date env sleep; do
  command -v $tool >/dev/null 2>&1 || { echo "lacks $tool" >&2; exit 1; }
done
env
"""


def order(command: Sequence[str], env: Mapping[str, str], cwd: str) -> bytes:
    """The command as a script; `$1` is the directory of the order. ValueError for a NUL."""
    words = ['env', *(f'{name}={value}' for name, value in env.items()), *command]
    if any('\0' in word for word in (*words, cwd)):
        raise ValueError('embedded null byte')
    path = f'PATH={quote(env["PATH"])}; export PATH\n' if 'PATH' in env else ''
    text = (
        'echo $$ >"$1/run/pid"\n'
        f'cd {quote(cwd)} 2>/dev/null || {{ echo {NOWHERE} >"$1/run/why"; exit 127; }}\n'
        f'{path}'
        f'command -v {quote(command[0])} >/dev/null 2>&1 || '
        f'{{ echo {MISSING} >"$1/run/why"; exit 127; }}\n'
        f'exec {" ".join(map(quote, words))}\n'
    )
    return text.encode('utf-8', 'surrogateescape')


def terminal(env: Mapping[str, str], cwd: str) -> bytes:
    """What a person's shell begins with; it is read once."""
    words = ' '.join(quote(f'{name}={value}') for name, value in env.items())
    text = (
        f'rm -f {TERMINAL}; cd {quote(cwd)}\n'
        f'command -v bash >/dev/null && exec env {words} bash --norc -i\n'
        f'exec env {words} sh -i\n'
    )
    return text.encode('utf-8', 'surrogateescape')
