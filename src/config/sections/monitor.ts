import { z } from 'zod';

import { choice, count, duration, list, optionalPath, text, toggle } from '../setting.ts';

/** The way in (sockets) and what is watched. */
export const monitor = z.object({
  unixSocketPath: optionalPath('unix_socket_path', {
    description: 'Unix socket of the daemon. Its folder must belong to the user alone.',
    derived: '`$XDG_RUNTIME_DIR/codi/monitor.sock`, else `/tmp/codi-<uid>/monitor.sock`',
    example: '/run/user/1000/codi/monitor.sock',
    shortNames: ['CODI_SOCKET'],
  }),
  mode: choice('mode', {
    description: 'Which acceptors are opened; `auto` opens what this version serves.',
    choices: ['auto', 'unix', 'tcp'],
    default: 'auto',
    shortNames: ['CODI_MONITOR_MODE'],
    isPending: true,
  }),
  tcpPort: count('tcp_port', {
    description: 'Port of the TCP acceptor.',
    default: 9847,
    min: 0,
    max: 65_535,
    shortNames: ['CODI_MONITOR_PORT'],
    isPending: true,
  }),
  tcpHost: text('tcp_host', {
    description: 'Address the TCP acceptor is bound to.',
    default: '127.0.0.1',
    isPending: true,
  }),
  fileBatchCount: count('file_batch_size', {
    description: 'Most file events in one batch from a watch host.',
    default: 1000,
    min: 1,
    max: 1000,
    isPending: true,
  }),
  exportPatterns: list('export_patterns', {
    description: 'Names of files that are captured as exports.',
    default: [],
    example: '["*EXPORT*.txt"]',
    isPending: true,
  }),
  scanIntervalMs: duration('scan_interval', {
    description:
      'How often a watched root is swept in full, whatever the hints said. A bare number is seconds.',
    default: '5m',
    min: '1s',
    max: '7d',
    takesSeconds: true,
  }),
  settleMs: duration('settle', {
    description: 'Quiet time after which a touched directory is swept.',
    default: '150ms',
    min: '10ms',
    max: '1m',
  }),
  settleMaxMs: duration('settle_max', {
    description: 'A directory that never becomes quiet is swept after this time.',
    default: '1s',
    min: '10ms',
    max: '10m',
  }),
  hintSource: choice('hint_source', {
    description:
      'Where change hints come from. `auto` takes one `fs.watch` per directory on Linux up to the directory budget and @parcel/watcher beyond it; `none` relies on sweeps.',
    choices: ['auto', 'fs', 'parcel', 'none'],
    default: 'auto',
  }),
  directoryBudgetCount: count('directory_budget', {
    description: 'Most directories of one root that get a watch of their own.',
    default: 8192,
    min: 1,
    max: 1_000_000,
  }),
  ignore: list('ignore', {
    description: 'Patterns of paths that are not watched, beside the default ignores.',
    default: [],
    example: '["*.tmp", "build/"]',
  }),
  useDefaultIgnores: toggle('use_default_ignores', {
    description: 'Leave out version control internals, node_modules and the like.',
    default: true,
  }),
  useGitignore: toggle('gitignore', {
    description: 'Also leave out what `.gitignore` files in a root and below name.',
    default: false,
  }),
  hostsCount: count('hosts', {
    description: 'Watch host processes the roots are spread over.',
    default: 1,
    min: 1,
    max: 16,
  }),
});
