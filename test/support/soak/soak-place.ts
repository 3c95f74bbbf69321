import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MonitorClient } from '#codi/client/index.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../daemon.ts';
import { seededRandom } from '../random.ts';
import { Acknowledged } from './acknowledged.ts';

const MEASURED = fileURLToPath(new URL('measured-process.mjs', import.meta.url));

/** What comes and goes is small, so that it comes and goes often. */
const SETTINGS = {
  CODI_STORAGE_WAL_RESTART_BYTES: '1MiB',
  CODI_STORAGE_SEGMENT_BYTES: '256KiB',
  // On a busy machine a page may take longer than a second; how far a page looks into the archive goes with it.
  CODI_STORAGE_READER_TIMEOUT: '5s',
  CODI_STORAGE_RECENT_IDS: '1000',
  CODI_AUDIT_HISTORY_INTERVAL: '1m',
  CODI_AUDIT_HISTORY: '5',
  CODI_EVENTS_LOG_ENABLED: 'true',
  CODI_EVENTS_LOG_ROTATE_SIZE: '64KiB',
  CODI_EVENTS_LOG_KEEP: '3',
  CODI_EXPORTS_SETTLE: '100ms',
  CODI_MONITOR_SCAN_INTERVAL: '30s',
};

/** Threads that read files stay for minutes after the last one: they are warm before and after. */
const OF_LONG_FORM = {
  CODI_STORAGE_SIZE_LIMIT: '8MiB',
  CODI_STORAGE_RETENTION_INTERVAL: '5s',
  CODI_MONITOR_CHECKSUM: 'sha256',
  // Its passes open databases, which come and go, too.
  CODI_STORAGE_SCRUB_INTERVAL: '1m',
  CODI_STORAGE_SCRUB_PERCENT: '10',
};

const OF_SHORT_FORM = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '1s',
  CODI_STORAGE_SCRUB: '0',
};

/** All that the work beside the daemon needs. */
export interface SoakPlace extends DaemonPlace {
  readonly daemon: RunningDaemon;
  readonly acknowledged: Acknowledged;
  /** Watched from the start to the end: one in which a lot changes, and another one. */
  readonly roots: readonly [string, string];
  random(): number;
  connect(options?: object): Promise<MonitorClient>;
}

/** One daemon whose heap can be looked at, on two folders. */
export async function startSoak(seed: number, isLong: boolean): Promise<SoakPlace> {
  const place = newPlace('codi-soak-');
  const roots = [join(place.home, 'work'), join(place.home, 'other')] as const;
  for (const root of roots) {
    mkdirSync(root);
    writeFileSync(join(root, 'first'), root);
  }
  const daemon = await startDaemon(place, [...roots], {
    env: { ...SETTINGS, ...(isLong ? OF_LONG_FORM : OF_SHORT_FORM) },
    execArgv: ['--expose-gc', '--import', MEASURED],
  });
  return {
    ...place,
    daemon,
    roots,
    acknowledged: new Acknowledged(),
    random: seededRandom(seed),
    connect: (options = {}) =>
      MonitorClient.connect({ socketPath: place.socketPath, deadlineMs: 60_000, ...options }),
  };
}
