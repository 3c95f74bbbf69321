import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditStores } from './audit-stores.ts';
import { checkAfterCrash } from './crash-checks.ts';
import { CrashWorkload } from './crash-workload.ts';
import { newPlace, startDaemon, type RunningDaemon } from './daemon.ts';
import { deadline, eventually } from './deadline.ts';
import { epochOf } from './fault-run.ts';
import { attachStrace, fileOf, readTrace, type TracedCall } from './strace.ts';

const SYNCS = 'fsync,fdatasync';
const WRITER = {
  'ledger.db-wal': 'core/storage/ledger-writer',
  'state.db-wal': 'core/storage/state-writer',
  // Pages reach the database through the thread that makes checkpoints.
  'ledger.db': 'core/storage/maintenance',
} as const;
const PATIENCE_MS = 60_000;

export interface StorageError {
  file: keyof typeof WRITER;
  calls: 'pwrite64' | 'sync';
  error: 'EIO' | 'ENOSPC';
  /** Which call of a thread fails; with `ENOSPC` in a write all from there on, until the space is back. */
  n: number;
}

export interface ErrorResult {
  wasReached: boolean;
  /** How often the thread that met the error was replaced. */
  restarts: number;
  /** Why clients were told to come back. */
  postponed: Set<string>;
  /** The tracer left amid a call it had replaced, which then fails as no disk fails (ENOSYS): a thread ends of that. */
  wasCutOff: boolean;
  violations: string[];
}

/** Whether the disk only says that it is full: then nothing is broken and the thread lives. */
export function isFullDisk({ calls, error }: StorageError): boolean {
  return error === 'ENOSPC' && calls === 'pwrite64';
}

/** Whether clients learn of it: pages that cannot reach the database hold up nobody. */
export function tellsClients(which: StorageError): boolean {
  return isFullDisk(which) && which.file !== 'ledger.db';
}

/** Lets a storage call of a daemon at work fail, and checks all that must hold once it has recovered by itself. */
export async function failAt(which: StorageError): Promise<ErrorResult> {
  const place = newPlace('codi-errors-');
  const workload = new CrashWorkload(place, { isSmall: true });
  const postponed = () => workload.clients.flatMap((client) => [...client.postponed]);
  const isTold = () => postponed().includes('CODI_DISK_FULL');
  let daemon: RunningDaemon | undefined;
  try {
    daemon = await startDaemon(place, [workload.root], { timeoutMs: PATIENCE_MS });
    const actor = WRITER[which.file];
    const before = await epochOf(daemon, actor);
    const trace = join(place.home, 'trace');
    const names = which.calls === 'sync' ? SYNCS : which.calls;
    const when = isFullDisk(which) ? `${which.n}+` : String(which.n);
    const inject = `inject=${names}:error=${which.error}:when=${when}`;
    const path = join(place.dataDir, which.file);
    const args = ['-y', '-o', trace, '-P', path, '-e', `trace=${names}`, '-e', inject];
    const tracer = await attachStrace(daemon.pid, args);
    const work = workload.run(daemon);
    const wasReached = await untilInjected(trace, work);
    if (wasReached && !isFullDisk(which)) await replaced(daemon, actor, before);
    // The first call that fails may be of the daemon's own; clients are told with the next of theirs.
    if (wasReached && tellsClients(which))
      await eventually('a client is told', isTold, PATIENCE_MS);
    await tracer.detach();
    await deadline('everything to be accepted', work, PATIENCE_MS);
    const restarts = (await epochOf(daemon, actor)) - before;
    const checks = checkAfterCrash(daemon, workload);
    const { violations } = await deadline('an answer to all', checks, PATIENCE_MS);
    const exitCode = await daemon.stop();
    if (exitCode !== 0) violations.push(`the daemon ended with ${exitCode}`);
    const traced = readFileSync(trace, 'utf8');
    const wasCutOff = traced.includes('<detached ...>');
    violations.push(...auditStores(place.dataDir), ...syncedAgain(readTrace(traced)));
    return { wasReached, restarts, postponed: new Set(postponed()), wasCutOff, violations };
  } catch (error) {
    const violations = [`${(error as Error).message} ${daemon?.stderr() ?? ''}`];
    return { wasReached: true, restarts: 0, postponed: new Set(), wasCutOff: false, violations };
  } finally {
    if (daemon?.process.exitCode === null) await daemon.kill();
    place.remove();
  }
}

/** Until the first call has failed, or the work is done without. */
async function untilInjected(trace: string, work: Promise<void>): Promise<boolean> {
  let isDone = false;
  void work.then(() => (isDone = true));
  const hasFailed = () => existsSync(trace) && readFileSync(trace, 'utf8').includes('(INJECTED)');
  await eventually('a failed call', () => hasFailed() || isDone, PATIENCE_MS);
  return hasFailed();
}

function replaced(daemon: RunningDaemon, actor: string, before: number): Promise<true> {
  const look = async () => (await epochOf(daemon, actor)) > before;
  return eventually(`a new ${actor}`, look, PATIENCE_MS) as Promise<true>;
}

/** After a failed sync pages count as clean that never came to the disk: who saw it may not try again. */
function syncedAgain(calls: readonly TracedCall[]): string[] {
  const failed = new Set<string>();
  const found: string[] = [];
  for (const call of calls) {
    if (!SYNCS.split(',').includes(call.name)) continue;
    const key = `${call.thread} ${fileOf(call)}`;
    if (failed.has(key)) found.push(`a thread synced ${fileOf(call)} again after a failed sync`);
    if (call.result.includes('(INJECTED)')) failed.add(key);
  }
  return found;
}
