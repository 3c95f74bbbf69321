import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BodyOf } from '#codi/protocol/messages.js';
import type { TreeNodeView } from '#codi/client/index.js';
import { checkAfterCrash } from './crash-checks.ts';
import { CrashWorkload } from './crash-workload.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from './daemon.ts';
import { deadline, eventually } from './deadline.ts';
import { ResendingClient } from './resending-client.ts';

const CLI_ENTRY = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));
const PATIENCE_MS = 60_000;
const TRY_INTERVAL_MS = 500;

/** What of the system around the daemon is broken, and how. */
export interface Fault {
  start?: Parameters<typeof startDaemon>[2];
  /** Breaks it; resolves with what mends it. The workload begins after it. */
  cause(run: FaultRun): Promise<() => void | Promise<void>>;
  /** What must be so while it is broken. */
  during(run: FaultRun): Promise<void>;
  /** What must be so after it was mended and everything was accepted. */
  after?(run: FaultRun): Promise<void>;
}

export interface FaultRun {
  place: DaemonPlace;
  daemon: RunningDaemon;
  workload: CrashWorkload;
}

export interface FaultResult {
  /** What did not hold: must be empty. */
  violations: string[];
  /** Why clients were told to come back. */
  postponed: string[];
}

/**
 * Runs the standard workload into a fault and out of it again. The daemon has to come through by itself: nobody
 * starts it anew, clients only send again what was refused. Afterwards everything must hold that holds after a crash,
 * and `codi audit verify` is asked.
 */
export async function runIntoFault(fault: Fault): Promise<FaultResult> {
  const place = newPlace('codi-fault-');
  const workload = new CrashWorkload(place, { isSmall: true });
  let daemon: RunningDaemon | undefined;
  let mend: (() => void | Promise<void>) | undefined;
  try {
    daemon = await startDaemon(place, [workload.root], fault.start);
    const run = { place, daemon, workload };
    mend = await fault.cause(run);
    const work = workload.run(daemon);
    await fault.during(run);
    await mend();
    mend = undefined;
    await deadline('everything to be accepted', work, PATIENCE_MS);
    const checks = checkAfterCrash(daemon, workload);
    const { violations } = await deadline('an answer to all', checks, PATIENCE_MS);
    violations.push(...auditVerify(daemon));
    await fault.after?.(run);
    const exitCode = await daemon.stop();
    if (exitCode !== 0) violations.push(`the daemon ended with ${exitCode}: ${daemon.stderr()}`);
    const postponed = new Set(workload.clients.flatMap((client) => [...client.postponed]));
    return { violations, postponed: [...postponed].toSorted() };
  } finally {
    await (async () => mend?.())().catch(() => undefined);
    if (daemon?.process.exitCode === null) await daemon.kill().catch(() => undefined);
    place.remove();
  }
}

/** Long enough for a fault to begin before what was committed last is signed. */
export const SIGNS_LATE = { CODI_AUDIT_CHECKPOINT_INTERVAL: '5s' };

/** Leaves something to be signed: only who tries to sign can say that it does not work. */
export async function commitSomething(daemon: RunningDaemon): Promise<void> {
  const client = await daemon.client();
  await client.log({ level: 'Info', component: 'before the fault', message: 'to be signed' });
  await client.close();
}

/** What `codi audit verify` says against it, asked of the running daemon. */
export function auditVerify(daemon: RunningDaemon): string[] {
  const { dataDir, socketPath } = daemon.place;
  const args = [CLI_ENTRY, 'audit', 'verify', '--data-dir', dataDir, '--socket', socketPath];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return status === 0 ? [] : [`codi audit verify: ${stdout} ${stderr}`];
}

export async function health(daemon: RunningDaemon): Promise<BodyOf<'Status'>> {
  const client = await daemon.client();
  try {
    return await client.request('Health', {});
  } finally {
    await client.close();
  }
}

/** Waits until the daemon says that it is degraded, for a reason like this. */
export async function untilDegraded(daemon: RunningDaemon, reason: RegExp): Promise<string> {
  let seen: string[] = [];
  const look = async () => {
    seen = (await health(daemon)).reasons ?? [];
    return seen.find((text) => reason.test(text));
  };
  return eventually(`reason like ${reason.source}`, look, 12_000).catch((error: Error) => {
    throw new Error(`${error.message}; there were: ${seen.join(' | ')}`);
  });
}

/** New clients send one message each until one is told to come back: resolves with the code it was told. */
export async function untilPostponed(
  { workload, place }: FaultRun,
  what: 'entry' | 'session',
): Promise<string> {
  const clients: ResendingClient[] = [];
  return eventually(
    `answer to a new ${what} that says when to come back`,
    async () => {
      const client = new ResendingClient(1);
      const message = `late ${clients.length}`;
      if (what === 'entry')
        client.add({ LogEntry: { level: 'Info', component: 'crash', message } }, [message]);
      else client.add({ SessionStart: { session_id: message, identity: 'late' } });
      clients.push(client);
      workload.clients.push(client);
      const isDone = client.sendUnanswered(place.socketPath);
      const isLate = new Promise((resolve) => setTimeout(resolve, TRY_INTERVAL_MS));
      await Promise.race([isDone, isLate]);
      return clients.flatMap(({ postponed }) => [...postponed])[0];
    },
    20_000,
  );
}

/** How often an actor was started. */
export async function epochOf(daemon: RunningDaemon, path: string): Promise<number> {
  const debug = await daemon.debug();
  try {
    return find(await debug.tree(), path)?.epoch ?? 0;
  } finally {
    debug.close();
  }
}

function find(node: TreeNodeView, path: string): TreeNodeView | undefined {
  return node.path === path ? node : node.children.map((child) => find(child, path)).find(Boolean);
}
