import { z } from 'zod';

import { count, duration, optionalName, optionalPath } from '../setting.ts';

/** What is signed, as whom, and how often. */
export const audit = z.object({
  origin: optionalName('origin', {
    description:
      'Name of this node in signed checkpoints, best a domain and path of yours. Whoever checks them has to know it.',
    derived: '`codi.local/` and the name of the machine',
    example: 'example.org/build-3',
  }),
  keyFile: optionalPath('key_file', {
    description:
      'Ed25519 key that signs checkpoints (PEM, PKCS #8). Made, with mode 0600, when there is none.',
    derived: '`audit/key` in the data directory',
    example: '~/.config/codi/audit.key',
  }),
  checkpointIntervalMs: duration('checkpoint_interval', {
    description: 'A commit is under a signed checkpoint after so long at the latest.',
    default: '1s',
    min: '50ms',
    max: '1h',
  }),
  checkpointBlocksCount: count('checkpoint_blocks', {
    description: 'And after so many commits at the latest, looked at four times per interval.',
    default: 1_000,
    min: 1,
    max: 1_000_000,
  }),
  historyIntervalMs: duration('history_interval', {
    description: 'How often a checkpoint is kept beside the newest one.',
    default: '1h',
    min: '1s',
    max: '365d',
  }),
  historyCount: count('history', {
    description: 'How many checkpoints are kept for each database; then the oldest goes.',
    default: 720,
    min: 0,
    max: 100_000,
  }),
});
