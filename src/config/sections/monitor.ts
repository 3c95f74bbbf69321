import { z } from 'zod';

import {
  choice,
  count,
  duration,
  list,
  optionalCount,
  optionalPath,
  optionalToggle,
  size,
  text,
  toggle,
} from '../setting.ts';

/** The way in (sockets) and what is watched. */
export const monitor = z.object({
  unixSocketPath: optionalPath('unix_socket_path', {
    description: 'Unix socket of the daemon. Its folder must belong to the user alone.',
    derived: '`$XDG_RUNTIME_DIR/codi/monitor.sock`, else `/tmp/codi-<uid>/monitor.sock`',
    example: '/run/user/1000/codi/monitor.sock',
    shortNames: ['CODI_SOCKET'],
  }),
  mode: choice('mode', {
    description:
      'What clients connect by. There always is the Unix socket; `tcp` opens the TCP port beside it, `unix` does not, `auto` does when `tcp_port` is named.',
    choices: ['auto', 'unix', 'tcp'],
    default: 'auto',
    shortNames: ['CODI_MONITOR_MODE'],
  }),
  tcpPort: optionalCount('tcp_port', {
    description: 'TCP port; 0 takes any free one. Naming it opens it, unless `mode` is `unix`.',
    derived: '9847 when `mode` is `tcp`, else none',
    example: 9847,
    min: 0,
    max: 65_535,
    shortNames: ['CODI_MONITOR_PORT'],
  }),
  tcpHost: text('tcp_host', {
    description:
      'Address the TCP port is bound to. Beyond loopback TLS is on unless `tls = false`, and a token is always asked for.',
    default: '127.0.0.1',
  }),
  needsToken: toggle('tcp_token', {
    description:
      'Whether clients on TCP have to show a token (`codi token create`). `false` is possible on loopback alone, and lets every user of this machine read and write.',
    default: true,
  }),
  isTls: optionalToggle('tls', {
    description:
      'Whether the TCP port speaks TLS. `false` beyond loopback sends tokens and entries in the clear: for networks that nobody else is on, such as that of containers.',
    derived: '`true` beyond loopback, else `false`',
  }),
  tlsCertFile: optionalPath('tls_cert', {
    description:
      'Certificate of the TCP port (PEM), followed by those that lead to its authority. Read anew when the port is opened.',
    derived: 'one of its own, made at the first start: `tls/cert.pem` in the data directory',
    example: '/etc/codi/cert.pem',
  }),
  tlsKeyFile: optionalPath('tls_key', {
    description: 'Its key (PEM), which nobody else may read.',
    derived: 'in the file of the certificate',
    example: '/etc/codi/key.pem',
  }),
  legacySocketPath: optionalPath('legacy_socket_path', {
    description:
      'One more Unix socket, for clients of the original protocol alone: no Hello, and nothing that protocol did not have.',
    derived: 'none',
    example: '/tmp/codi-monitor.sock',
  }),
  fileBatchCount: count('file_batch_size', {
    description: 'Most file events in one batch from a watch host.',
    default: 1000,
    min: 1,
    max: 1000,
  }),
  exportPatterns: list('export_patterns', {
    description:
      'Files that are captured as exports, whatever is ignored: globs on the name, or with a slash on the path in the root. `YYYY-MM-DD` and `HHMMSS` stand for digits. See [exports.md](exports.md).',
    default: ['YYYY-MM-DD-HHMMSS[-_]*.txt', '*EXPORT*.txt'],
    example: '["YYYY-MM-DD-HHMMSS[-_]*.txt", "*EXPORT*.txt"]',
  }),
  scanIntervalMs: duration('scan_interval', {
    description:
      'How often a watched root is swept in full, whatever the hints said. A bare number is seconds.',
    default: '5m',
    min: '1s',
    max: '7d',
    takesSeconds: true,
  }),
  pollIntervalMs: duration('poll_interval', {
    description:
      'How often a root is looked through that is polled; on large trees so rarely that it takes no more than a twentieth of the time.',
    default: '5s',
    min: '100ms',
    max: '1d',
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
  debounceMs: duration('debounce', {
    description:
      'How long after the first change of a path it waits for others, which become one event with it; 0 tells changes as they are seen. `codi sync` does not wait.',
    default: '0ms',
    min: '0ms',
    max: '1m',
  }),
  rateLimitCount: count('rate_limit', {
    description:
      'Most file events per second and root, a second of them at once; beyond it changes wait and are folded by path, and none is lost. 0: no limit. The first look at a root is not limited.',
    default: 0,
    min: 0,
    max: 1_000_000,
    unit: 'per second',
  }),
  hintSource: choice('hint_source', {
    description:
      'Where change hints come from. `auto` takes one `fs.watch` per directory on Linux up to the directory budget and @parcel/watcher beyond it; `none` relies on sweeps.',
    choices: ['auto', 'fs', 'parcel', 'none'],
    default: 'auto',
  }),
  directoryBudgetCount: count('directory_budget', {
    description: 'Most directories of one root that get a watch of their own.',
    default: 16384,
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
  transients: choice('transients', {
    description:
      'How a file is recorded that came and went before it could be looked at, which hints of the source `fs` alone tell: `steps` as `create`, `update` and `delete`, `one` as one `transient`, `off` not at all.',
    choices: ['steps', 'one', 'off'],
    default: 'steps',
  }),
  transientRateCount: count('transient_rate', {
    description:
      'Most files per second and root that are recorded as having come and gone; more are counted alone.',
    default: 100,
    min: 1,
    max: 100_000,
    unit: 'per second',
  }),
  checksum: choice('checksum', {
    description:
      'Whether the content of watched files is read, and its SHA-256 stands on their events and in the index. What is read, and when, is in docs/watching.md.',
    choices: ['off', 'sha256'],
    default: 'off',
  }),
  checksumAtOnceBytes: size('checksum_at_once', {
    description:
      'A changed file up to this size is read before its event is recorded, so the event has the checksum; a larger one gets it later, by an `attrib` event.',
    default: '1MiB',
    min: '0B',
    max: '64MiB',
  }),
  checksumWaitMs: duration('checksum_wait', {
    description:
      'How long changes wait for checksums before they are recorded without; what is left is read later. Threads that have to start first need some of it.',
    default: '1s',
    min: '1ms',
    max: '10s',
  }),
  checksumMaxBytes: size('checksum_max_size', {
    description: 'Files above this size get no checksum.',
    default: '1GiB',
    min: '1B',
    max: '1TiB',
  }),
  checksumIntervalMs: duration('checksum_interval', {
    description:
      'A file that keeps changing is read at most once in this time, beyond the first `checksum_at_once` bytes; it is read when it is quiet.',
    default: '10s',
    min: '100ms',
    max: '1d',
  }),
  checksumRateBytes: size('checksum_rate', {
    description:
      'Most bytes per second that are read for later checksums: of large files, and of those that were there before checksums were on.',
    default: '64MiB',
    min: '64KiB',
    max: '16GiB',
  }),
  checksumQueueCount: count('checksum_queue', {
    description:
      'Files of one root that may wait for a later checksum. When there are more, they are found again in the index.',
    default: 10_000,
    min: 100,
    max: 1_000_000,
  }),
  checksumThreadsCount: count('checksum_threads', {
    description:
      'Threads that read files for checksums; they start when there is work. One of them is left to changes that wait.',
    default: 2,
    min: 2,
    max: 16,
  }),
  hostsCount: count('hosts', {
    description:
      'Most watch host processes of each kind, over which roots are spread, so that a busy root does not delay the others: those with one watch per directory and those with recursive watchers. Beyond the first, each is started when a root needs it. Fewer where each would get fewer file watches than `directory_budget`.',
    default: 2,
    min: 1,
    max: 16,
  }),
  coverageIntervalMs: duration('coverage_interval', {
    description:
      'How often the watches that the kernel lists are compared with the directories that should have one, and the mounts below roots with those before; never so often that it takes more than a 400th of the time.',
    default: '30s',
    min: '1s',
    max: '1d',
  }),
  readAheadCount: count('read_ahead', {
    description:
      'Looks that a watch host may have under way ahead of its sweeps while looks at the disk are slow, each on a thread of its own; 0: none. See docs/watching.md.',
    default: 16,
    min: 0,
    max: 128,
  }),
  readAheadAboveMicros: count('read_ahead_above', {
    description: 'Looks are slow that take longer than this on average; 0 looks ahead always.',
    default: 60,
    min: 0,
    max: 1_000_000,
    unit: 'microseconds',
  }),
  watchSharePercent: count('watch_share', {
    description:
      "Most of the user's file watches (`fs.inotify.max_user_watches`) that all watch hosts together take. Directories beyond it are polled.",
    default: 50,
    min: 1,
    max: 100,
    unit: 'percent',
  }),
  hostWatchesCount: count('host_watches', {
    description:
      'Most file watches one watch host takes, whatever the system allows; each costs about 1.3 KiB of kernel memory that cannot be swapped out.',
    default: 500_000,
    min: 1,
    max: 100_000_000,
  }),
  hostMemoryBytes: size('host_memory', {
    description:
      'Resident memory above which a watch host is replaced. When that does not help, all of its roots are polled until the daemon starts again.',
    default: '1GiB',
    min: '32MiB',
    max: '1TiB',
  }),
  hostDescriptorsCount: count('host_descriptors', {
    description: 'Open descriptors above which a watch host is replaced.',
    default: 512,
    min: 64,
    max: 1_000_000,
  }),
  hostStartTimeoutMs: duration('host_start_timeout', {
    description: 'A watch host that is not ready after this time is killed and started again.',
    default: '10s',
    min: '1s',
    max: '5m',
  }),
});
