import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { auditStores } from './audit-stores.ts';
import { checkAfterCrash, type AfterCrash } from './crash-checks.ts';
import { CrashWorkload } from './crash-workload.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from './daemon.ts';
import { deadline } from './deadline.ts';
import { attachStrace, fileOf, readTrace, underStrace } from './strace.ts';

/**
 * What a daemon that is traced does. `start`: on an empty data directory, and stops. `work`: the standard workload,
 * and stops; the tracing begins once it is ready. `recovery`: starts on what a kill in the middle of work left.
 * `archive`: starts on a ledger that is too large, so that retention archives and drops while the small workload writes.
 */
export const PHASES = ['start', 'work', 'recovery', 'archive'] as const;
export type Phase = (typeof PHASES)[number];

/** The nth call of a kind on a file in the data directory, counted in the thread that is first to make so many. */
export interface CrashPoint {
  phase: Phase;
  /** In the data directory; empty for the directory itself. */
  file: string;
  call: string;
  n: number;
}

/** Calls that write, sync, or change a directory. */
const CALLS =
  'pwrite64,pwritev,pwritev2,write,writev,fsync,fdatasync,sync_file_range,ftruncate,fallocate,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir';
/** A name that is another one in each run cannot be waited for. */
const HAS_TIME = /\d{4}-\d\d-\d\dT/;
const ENV = { CODI_STORAGE_WAL_RESTART_BYTES: '1MiB' };
/** Everything but the newest blocks is due, in several segments. */
const ARCHIVE_ENV = {
  ...ENV,
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '1s',
};
const START_TIMEOUT_MS = 90_000;
const PATIENCE_MS = 120_000;

/** Runs every phase once without a kill and counts what a kill can hit: for each file and call the points 1 to N. */
export async function countCrashPoints(phases: readonly Phase[] = PHASES): Promise<CrashPoint[][]> {
  const groups: CrashPoint[][] = [];
  for (const phase of phases) {
    const place = newPlace('codi-crash-');
    try {
      const trace = join(place.home, 'trace');
      await runPhase(place, phase, ['-y', '-o', trace, '-e', `trace=${CALLS}`]);
      for (const [key, n] of countCalls(readFileSync(trace, 'utf8'), place.dataDir)) {
        const [file, call] = key.split('\n') as [string, string];
        groups.push(Array.from({ length: n }, (_, at) => ({ phase, file, call, n: at + 1 })));
      }
    } finally {
      place.remove();
    }
  }
  return groups;
}

function countCalls(trace: string, dataDir: string): Map<string, number> {
  const perThread = new Map<string, number>();
  const most = new Map<string, number>();
  for (const call of readTrace(trace)) {
    const path = fileOf(call);
    if (path !== dataDir && !path?.startsWith(`${dataDir}/`)) continue;
    if (HAS_TIME.test(path)) continue;
    const key = `${relative(dataDir, path)}\n${call.name}`;
    const count = (perThread.get(`${call.thread}\n${key}`) ?? 0) + 1;
    perThread.set(`${call.thread}\n${key}`, count);
    most.set(key, Math.max(most.get(key) ?? 0, count));
  }
  return most;
}

export interface CrashResult extends AfterCrash {
  /** False where the daemon ended before it came to the call: another thread order, or a commit less. */
  wasKilled: boolean;
  /** From the start of the process until it was ready. */
  restartMs: number;
}

/** Kills a daemon of its own at the point, starts it again on what is left, and checks all that must hold. */
export async function crashAt({ phase, file, call, n }: CrashPoint): Promise<CrashResult> {
  const place = newPlace('codi-crash-');
  try {
    const path = file === '' ? place.dataDir : join(place.dataDir, file);
    const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`];
    const args = ['-P', path, ...inject, '-o', join(place.home, 'trace')];
    const { workload, wasKilled } = await runPhase(place, phase, args);
    const startedMs = performance.now();
    const daemon = await start(place, workload, envOf(phase));
    const restartMs = performance.now() - startedMs;
    const checks = deadline(
      'an answer to all',
      checkAfterCrash(daemon, workload, phase === 'archive'),
      PATIENCE_MS,
    );
    const after = await checks.catch(async (error: unknown) => {
      await daemon.kill();
      throw error;
    });
    const code = await daemon.stop();
    if (code !== 0) after.violations.push(`the daemon ended with ${code}: ${daemon.stderr()}`);
    after.violations.push(...auditStores(place.dataDir));
    return { wasKilled, restartMs, ...after };
  } catch (error) {
    const violations = [`${(error as Error).message} (in the data directory: ${listed(place)})`];
    return { wasKilled: true, restartMs: 0, acknowledged: 0, unanswered: 0, violations };
  } finally {
    place.remove();
  }
}

function listed(place: DaemonPlace): string {
  return existsSync(place.dataDir) ? readdirSync(place.dataDir).join(' ') : 'nothing';
}

async function runPhase(
  place: DaemonPlace,
  phase: Phase,
  straceArgs: readonly string[],
): Promise<{ workload: CrashWorkload; wasKilled: boolean }> {
  const hasOld = phase === 'archive';
  const workload = new CrashWorkload(place, { isSmall: phase !== 'work', hasOld });
  if (hasOld) {
    const filling = await startDaemon(place, [], { env: ENV, timeoutMs: START_TIMEOUT_MS });
    await workload.fill();
    await filling.stop();
  }
  if (phase === 'recovery') {
    const before = await start(place, workload, ENV);
    const work = workload.run(before);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await before.kill();
    await work;
  }
  const daemon =
    phase === 'work'
      ? await start(place, workload, ENV)
      : await start(place, workload, envOf(phase), underStrace(straceArgs)).catch(() => undefined);
  // Killed before it was ready, or could not be started: which one, the next start tells.
  if (!daemon) return { workload, wasKilled: true };
  if (phase === 'work') {
    await attachStrace(daemon.pid, straceArgs);
    await deadline('an end of the work', workload.run(daemon), PATIENCE_MS);
  }
  if (phase === 'archive')
    await deadline('an end of the archiving', archiveAtWork(daemon, workload), PATIENCE_MS);
  await stopOrDie(daemon);
  return { workload, wasKilled: daemon.process.exitCode !== 0 };
}

/** The workload, and meanwhile retention again and again; ends with the daemon at the latest. */
async function archiveAtWork(daemon: RunningDaemon, workload: CrashWorkload): Promise<void> {
  let isOver = false;
  const died = new Promise<void>((resolve) => daemon.process.once('exit', () => resolve()));
  const archiving = async () => {
    const client = await daemon.client({ requestTimeoutMs: PATIENCE_MS });
    try {
      do await client.request('CompactStore', {});
      while (!isOver);
    } finally {
      await client.close();
    }
  };
  const archived = archiving().catch(() => undefined);
  await workload.run(daemon);
  isOver = true;
  await Promise.race([archived, died]);
}

function envOf(phase: Phase): Record<string, string> {
  return phase === 'archive' ? ARCHIVE_ENV : ENV;
}

function start(
  place: DaemonPlace,
  workload: CrashWorkload,
  env: Record<string, string>,
  under?: [string, ...string[]],
): Promise<RunningDaemon> {
  const options = { env, timeoutMs: START_TIMEOUT_MS, ...(under && { under }) };
  return startDaemon(place, [workload.root], options);
}

/** SIGTERM, also to one that dies of something else meanwhile. */
async function stopOrDie(daemon: RunningDaemon): Promise<void> {
  const { process: child } = daemon;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    process.kill(daemon.pid, 'SIGTERM');
  } catch {
    // It is gone, strace is about to be.
  }
  await deadline('the daemon to end', exited, START_TIMEOUT_MS);
}
