import { EXIT } from '../protocol/errors.ts';

/** Texts of `codi help <topic>`. */
export const HELP_TOPICS: Readonly<Record<string, string>> = {
  topics: `Topics of codi help:
  times        how times, durations and sizes are written
  json         what --json prints
  exit-codes   what a command exits with
  sockets      where the daemon is found
A command (codi help log) and an error code (codi help CODI_UNREACHABLE) work as well.`,
  times: `Times:      5m, 2h ago, 1h30m (before now), now, today, yesterday, yesterday 14:00,
            14:00 (today), 2026-03-01, 2026-03-01 14:00 (local time),
            2026-03-01T14:00:00Z (RFC 3339)
Durations:  500ms, 10s, 5m, 2h, 1h30m, 2d
Sizes:      4096, 10MB, 64KiB`,
  json: `--json prints JSON Lines for lists and streams, one object for one thing.
Keys are snake_case, times RFC 3339 in UTC, sizes bytes, durations ms with _ms in the key.
  log row    id, time, level, component, message, session_id?, metadata?, tenant_id?, user_id?,
             session_by?
  event row  seq, time, root, path, event, from?, kind, size?, checksum?, seen, session_id?,
             tenant_id?, user_id?, session_by?, old_checksum?; event is create, update, delete,
             move, attrib, access or transient; seen is native, poll, reconcile or hint
             session_by is given (as when it is absent), connection, path or config
  file row   root, path, kind, size, mtime, ino, checksum?; kind is file, dir, symlink or other
  tree node  path, state, strategy?, restarts, uptime_ms, children[]
A path that is not valid UTF-8 has replacement characters, and beside it path_b64 with its bytes.
Fields are only added, never renamed. Errors go to stderr as
{"error":{"code","message","hint","retryable"}}.`,
  'exit-codes': `Exit codes of every command:
  ${EXIT.done}   done
  ${EXIT.failed}   failed
  ${EXIT.usage}   wrong usage
  ${EXIT.conflict}   conflict: held by another, or already there
  ${EXIT.staleToken}   stale token
  ${EXIT.notFound}   not found
  ${EXIT.degraded}   degraded: the command worked and found something
  ${EXIT.unreachable}  daemon or hub not reachable
  ${EXIT.tryAgain}  try again later
  ${EXIT.notPermitted}  not permitted, or blocked by a sandbox
  ${EXIT.config}  bad configuration`,
  sockets: `The daemon listens on a Unix socket in a directory that only you can enter:
  --socket or CODI_SOCKET, else $XDG_RUNTIME_DIR/codi/monitor.sock, else
  /tmp/codi-<uid>/monitor.sock
Its data is in --data-dir or CODI_DATA_DIR, else $XDG_STATE_HOME/codi (~/.local/state/codi).
Another data directory has another socket unless one is named, so that several daemons can
live side by side: name the same --data-dir for the daemon and for the commands.
The debug socket (codi tree, codi kill) is beside it, with .debug.sock.`,
};
