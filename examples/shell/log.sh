#!/bin/sh
# Writes one log entry: ./log.sh <level> <component> <message>
# The answer is printed; the exit code is 0 when the entry is on disk.
set -eu
level=$1 component=$2 message=$3
if [ -n "${CODI_SOCKET:-}" ]; then
  socket=$CODI_SOCKET
elif [ -n "${XDG_RUNTIME_DIR:-}" ]; then
  socket=$XDG_RUNTIME_DIR/codi/monitor.sock
else
  socket=/tmp/codi-$(id -u)/monitor.sock
fi

# A text as JSON: backslashes, quotes and control characters escaped.
quote() {
  printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e "s/$(printf '\t')/\\\\t/g" |
    awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

line=$(printf '{"LogEntry":{"level":"%s","component":"%s","message":"%s"}}' \
  "$level" "$(quote "$component")" "$(quote "$message")")

# Whatever this machine has that can talk to a Unix socket; each ends when the daemon has answered and closed.
if command -v nc >/dev/null && nc -h 2>&1 | grep -q -- '-U'; then
  answer=$(printf '%s\n' "$line" | nc -U -N "$socket")
elif command -v socat >/dev/null; then
  answer=$(printf '%s\n' "$line" | socat -t 5 - "UNIX-CONNECT:$socket")
elif command -v python3 >/dev/null; then
  answer=$(printf '%s\n' "$line" | python3 -c '
import socket, sys
with socket.socket(socket.AF_UNIX) as s:
    s.connect(sys.argv[1])
    s.sendall(sys.stdin.buffer.read())
    s.shutdown(socket.SHUT_WR)
    sys.stdout.write(s.makefile().read())
' "$socket")
elif command -v perl >/dev/null; then
  answer=$(printf '%s\n' "$line" | perl -MIO::Socket::UNIX -e '
my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!\n";
print $s <STDIN>; $s->shutdown(1); print while <$s>;
' "$socket")
else
  echo 'nothing here can talk to a Unix socket: install nc (netcat-openbsd), socat, python3 or perl' >&2
  exit 1
fi
printf '%s\n' "$answer"
case $answer in *'"status":"Accepted"'*) ;; *) exit 1 ;; esac
