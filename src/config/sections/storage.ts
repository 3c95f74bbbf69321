import { z } from 'zod';

import { count, duration, optionalPath, size, toggle } from '../setting.ts';

/** Where the ledger and the state live, and how they are written. */
export const storage = z.object({
  dataDir: optionalPath('data_dir', {
    description:
      'Folder of the databases. One daemon serves one data directory; another data directory gets a socket of its own.',
    derived: '`$XDG_STATE_HOME/codi`, else `~/.local/state/codi`',
    example: '~/.local/state/codi',
    shortNames: ['CODI_DATA_DIR'],
  }),
  sqlitePath: optionalPath('sqlite_path', {
    description:
      'Key of earlier versions: its folder is taken as the data directory when `data_dir` is not set.',
    derived: 'none',
    example: '~/.codi/codi.db',
  }),
  encryptionKeyFile: optionalPath('encryption_key_file', {
    description:
      'File with the key that databases and archive segments are encrypted with: random text of at least 32 bytes, mode 0600, owned by the user of the daemon. The key itself may be in `CODI_STORAGE_ENCRYPTION_KEY` instead. See [encryption.md](encryption.md).',
    derived: 'not encrypted',
    example: '~/.config/codi/store.key',
  }),
  walMode: toggle('wal_mode', {
    description: 'The databases always use a write-ahead log; `false` is ignored.',
    default: true,
    isFixed: true,
  }),
  cacheSizeMb: count('cache_size_mb', {
    description: 'Page cache of each database connection.',
    unit: 'MiB',
    default: 16,
    min: 1,
    max: 4096,
  }),
  retentionDays: count('retention_days', {
    description:
      'Age at which log entries and file events leave the ledger for the archive, by whole days (UTC); 0 keeps them.',
    unit: 'days',
    default: 90,
    min: 0,
    max: 36_500,
  }),
  sizeLimitBytes: size('size_limit', {
    description:
      'Size of the ledger past which its oldest entries are archived before their time; 0 sets no limit.',
    default: '10GiB',
    min: '0B',
    max: '1000TiB',
  }),
  diskFloorBytes: size('disk_floor', {
    description:
      'Free space of the disk under which room is made: archives past their time go, then old entries are archived, then the oldest archives go. Never more than 5 % of the disk; 0 leaves it alone.',
    default: '1GiB',
    min: '0B',
    max: '1000TiB',
  }),
  diskReserveBytes: size('disk_reserve', {
    description:
      'What is kept on the disk, in a file of its own, for archiving and removing entries when the disk is full. Never more than an eighth of the disk; 0 keeps none, and then a full disk needs a person.',
    default: '32MiB',
    min: '0B',
    max: '1TiB',
  }),
  keepDays: count('keep_days', {
    description:
      'Entries younger than this are never removed to make room; a disk that is full then takes no new ones.',
    unit: 'days',
    default: 7,
    min: 0,
    max: 36_500,
  }),
  isArchiving: toggle('archive', {
    description:
      'Keep what leaves the ledger as compressed segments in `archive/`; `false` deletes it. Proofs of what is left hold either way.',
    default: true,
  }),
  archiveDays: count('archive_days', {
    description: 'Age at which archive segments are deleted; 0 keeps them for ever.',
    unit: 'days',
    default: 0,
    min: 0,
    max: 36_500,
  }),
  segmentLimitBytes: size('segment_bytes', {
    description:
      'Most entries of one archive segment, before compression (about a seventh of it after).',
    default: '64MiB',
    min: '64KiB',
    max: '1GiB',
  }),
  retentionIntervalMs: duration('retention_interval', {
    description: 'How often age and size are looked at; free space is looked at every 10 seconds.',
    default: '10m',
    min: '1s',
    max: '7d',
  }),
  dropStepMs: duration('drop_step', {
    description:
      'Longest time the ledger removes archived rows before it turns to new entries again. Between steps it rests four times as long.',
    default: '2ms',
    min: '1ms',
    max: '100ms',
  }),
  groupLimitBytes: size('group_bytes', {
    description:
      'Largest commit group. Larger groups do not raise the throughput but make other writers wait longer.',
    default: '256KiB',
    min: '4KiB',
    max: '16MiB',
  }),
  groupDelayMs: duration('group_delay', {
    description:
      'How long a commit that is not full waits for company. 0 commits what is there at once; a busy ledger groups by itself. More saves a slow disk syncs and costs every lone writer the wait.',
    default: '0ms',
    min: '0ms',
    max: '100ms',
  }),
  walRestartBytes: size('wal_restart_bytes', {
    description:
      'Size of the write-ahead log past which the writer itself restarts it. When another program that reads a database keeps it from doing so for four times this size, the status says so.',
    default: '32MiB',
    min: '1MiB',
    max: '1GiB',
  }),
  checkpointIntervalMs: duration('checkpoint_interval', {
    description: 'How often the checkpoint thread moves committed pages into the database.',
    default: '20ms',
    min: '5ms',
    max: '10s',
  }),
  isScrubbing: toggle('scrub', {
    description:
      'Verifies every block of both databases and of the archive again and again in the background.',
    default: true,
  }),
  scrubPercent: count('scrub_percent', {
    description: 'Most of one core that this takes; a pass then takes as long as it takes.',
    unit: '%',
    default: 2,
    min: 1,
    max: 100,
  }),
  scrubIntervalMs: duration('scrub_interval', {
    description: 'From the end of one pass to the beginning of the next.',
    default: '12h',
    min: '1s',
    max: '365d',
  }),
  recentIdsCount: count('recent_ids', {
    description:
      'How many message ids are remembered to recognise a repeated message of a client that has no producer id.',
    default: 100_000,
    min: 1000,
    max: 10_000_000,
  }),
  fullText: toggle('full_text', {
    description:
      'Keeps an index of the words in messages, for `codi query --full-text`. It makes the ledger about a quarter larger and slows writing; switched off it is removed.',
    default: false,
  }),
  healsPerHourCount: count('heals_per_hour', {
    description:
      'How often a damaged database is healed within an hour; after that its writer stays away and says why. 0 never heals.',
    default: 3,
    min: 0,
    max: 100,
  }),
  readerThreadsCount: count('reader_threads', {
    description: 'Most threads that answer queries at the same time.',
    default: 2,
    min: 1,
    max: 16,
  }),
  archiveCacheBytes: size('archive_cache', {
    description:
      'What a reader thread keeps of unpacked archive segments, so that the next page need not unpack them again.',
    default: '16MiB',
    min: '1MiB',
    max: '1GiB',
  }),
  readerTimeoutMs: duration('reader_timeout', {
    description: 'A read transaction older than this loses its thread, so the log can be trimmed.',
    default: '1s',
    min: '100ms',
    max: '1m',
  }),
});
