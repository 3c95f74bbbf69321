import { z } from 'zod';

import { count, duration, size } from '../setting.ts';

/** What clients left while the daemon was away. */
export const spool = z.object({
  scanIntervalMs: duration('scan_interval', {
    description: 'How often the `spool` folder in the data directory is looked at.',
    default: '2s',
    min: '50ms',
    max: '1h',
  }),
  writerCount: count('writers', {
    description: 'How many clients’ files are read at the same time.',
    default: 8,
    min: 1,
    max: 256,
  }),
  lineCount: count('lines_in_flight', {
    description: 'Lines of one file that may wait for their commit.',
    default: 512,
    min: 1,
    max: 65_536,
  }),
  fileLimitBytes: size('file_bytes', {
    description: 'A larger file is not read, and said so; clients write up to 9 MiB into one.',
    default: '32MiB',
    min: '1MiB',
    max: '1GiB',
  }),
});
