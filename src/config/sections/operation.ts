import { z } from 'zod';

import { count, duration } from '../setting.ts';

/** The way out. */
export const shutdown = z.object({
  deadlineMs: duration('deadline', {
    description: 'Time the daemon has to drain and stop after SIGTERM or SIGINT.',
    default: '10s',
    min: '100ms',
    max: '10m',
  }),
});

/** Limits of earlier versions: checked and kept, so that existing files are taken as they are. */
export const resourceLimits = z.object({
  memoryMb: count('memory_mb', {
    description: 'Memory of the daemon.',
    unit: 'MiB',
    default: 512,
    min: 1,
    max: 1_048_576,
    isPending: true,
  }),
  cpuCores: count('cpu_cores', {
    description: 'Cores of the daemon.',
    default: 2,
    min: 1,
    max: 1024,
    isPending: true,
  }),
  sqliteCacheMb: count('sqlite_cache_mb', {
    description: 'Page cache of all databases. See `storage.cache_size_mb`.',
    unit: 'MiB',
    default: 128,
    min: 1,
    max: 1_048_576,
    isPending: true,
  }),
  connectionPoolSize: count('connection_pool_size', {
    description: 'Clients at the same time. See `limits.connections`.',
    default: 100,
    min: 1,
    max: 65_536,
    isPending: true,
  }),
});

/** The hub this daemon ships to: any keys are accepted, none is read in this version. */
export const serverHub = z.record(z.string(), z.unknown());
