import { z } from 'zod';

import { choice, count, duration, list, optionalPath, size, toggle } from '../setting.ts';

/** What coding agents export, and where it is kept. */
export const exports = z.object({
  isEnabled: toggle('enabled', {
    description: 'Capture files that match `monitor.export_patterns`, and transcripts.',
    default: true,
  }),
  folders: list('folders', {
    description:
      'Folders beside the watched roots that are looked through for exports. One that is missing is taken up when it is there.',
    default: [],
    example: '["~/exports"]',
  }),
  transcripts: list('transcripts', {
    description:
      'Transcripts that are captured as they grow: `claude`, `codex` and `gemini` stand for the folders those agents write to; a path stands for the `*.jsonl` files below it. They are read only.',
    default: [],
    example: '["claude", "codex"]',
  }),
  ignoredDepthCount: count('ignored_depth', {
    description:
      'Levels of an ignored folder that are looked through for exports; of tool folders such as `node_modules` only their own entries are. 0 leaves ignored folders alone.',
    default: 4,
    min: 0,
    max: 64,
  }),
  ignoredFoldersCount: count('ignored_folders', {
    description: 'Most ignored folders of one root that are looked through so.',
    default: 1000,
    min: 1,
    max: 100_000,
  }),
  settleMs: duration('settle', {
    description: 'How long size and time of an export must stay the same before it is captured.',
    default: '1s',
    min: '10ms',
    max: '1h',
  }),
  transcriptSettleMs: duration('transcript_settle', {
    description: 'The same for transcripts.',
    default: '5s',
    min: '10ms',
    max: '1h',
  }),
  settleMaxMs: duration('settle_max', {
    description:
      'A file that is written all the time, or kept open by a writer, is captured as it is after this time, and again later.',
    default: '5m',
    min: '1s',
    max: '1d',
  }),
  sizeLimitBytes: size('size_limit', {
    description: 'Larger files are not captured but reported.',
    default: '1GiB',
    min: '1B',
    max: '1TiB',
  }),
  versionChainCount: count('version_chain', {
    description:
      'Versions of a growing file that are stored as what was added, before one is stored whole again.',
    default: 32,
    min: 0,
    max: 1000,
  }),
  afterCapture: choice('after_capture', {
    description:
      'What becomes of an export in its place once its content is kept, was read back and is the same: `move` takes it to `move_to`, `delete` removes it. Transcripts, and files that changed or that somebody is writing to, stay.',
    choices: ['keep', 'move', 'delete'],
    default: 'keep',
  }),
  moveTo: optionalPath('move_to', {
    description:
      'Folder that exports are moved to, with `after_capture = "move"`; made when it is missing. Nothing in it is replaced, and what lies in it is not moved again.',
    derived: 'none',
    example: '~/exports/captured',
  }),
  retentionDays: count('retention_days', {
    description:
      'Contents that were captured, or met again, longer ago are removed; their rows stay and say so. 0 keeps them for ever.',
    default: 0,
    min: 0,
    max: 36_500,
  }),
  archiveLimitBytes: size('archive_limit', {
    description:
      'Most bytes that kept contents may take on the disk. Past it the oldest are removed, as `retention_days` does; the youngest stays, whatever its size. `0B`: no limit.',
    default: '0B',
    min: '0B',
    max: '1024TiB',
  }),
  pendingLimitCount: count('pending_limit', {
    description: 'Files that may wait to be captured in memory; more wait in the ledger.',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  threadsCount: count('threads', {
    description: 'Files that are captured at once.',
    default: 2,
    min: 1,
    max: 16,
  }),
});
