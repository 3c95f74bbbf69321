import type { MonitorClient } from '#codi/client/monitor-client.js';
import type { CrashWorkload } from './crash-workload.ts';
import type { RunningDaemon } from './daemon.ts';
import { eventually } from './deadline.ts';
import { storedMessages, violations } from './entries.ts';
import { differences, foldedEvents, inIndex, onDisk } from './oracle.ts';
import { sendUntilAccepted } from './resending-client.ts';

const PATIENCE_MS = 60_000;

export interface AfterCrash {
  /** Entries that were acknowledged before the crash. */
  acknowledged: number;
  /** Entries that were stored, but their clients did not know yet. */
  unanswered: number;
  /** What does not hold. */
  violations: string[];
}

/**
 * Everything that must hold after a crash, on a daemon that was started again on what the crash left: what was
 * acknowledged is there, nothing is there twice (also after everything is sent again), the index, the folded
 * events and the disk are equal, and the daemon is healthy.
 */
export async function checkAfterCrash(
  daemon: RunningDaemon,
  workload: CrashWorkload,
  isArchiving = false,
): Promise<AfterCrash> {
  const { socketPath } = daemon.place;
  const client = await daemon.client({ requestTimeoutMs: PATIENCE_MS });
  const found: string[] = [];
  const acknowledged = workload.clients.flatMap(({ acceptedEntries }) => acceptedEntries).length;
  let unanswered: number;
  try {
    await untilHealthy(client);
    const kept = await checkEntries(client, workload, 'before the resends', found);
    unanswered = kept - acknowledged;
    await checkState(client, workload, found);
    const alive = () => daemon.process.exitCode === null;
    await sendUntilAccepted(workload.clients, socketPath, alive);
    await checkEntries(client, workload, 'after the resends', found);
    for (const again of workload.clients)
      if (!(await again.sendAllAgain(socketPath)))
        found.push('a repeated message was not accepted');
    const stored = await checkEntries(client, workload, 'after everything was repeated', found);
    const sent = workload.clients.flatMap(({ allEntries }) => allEntries);
    if (stored !== sent.length)
      found.push(`${stored} entries are stored, ${sent.length} were sent`);
    await checkState(client, workload, found);
    found.push(...workload.clients.flatMap(({ refusals }) => refusals));
    await checkFiles(client, workload, found);
    if (isArchiving) await checkArchive(client, workload, found);
  } finally {
    await client.close();
  }
  return { acknowledged, unanswered, violations: found };
}

/** What the crash interrupted is finished, and everything is still there once. */
async function checkArchive(
  client: MonitorClient,
  workload: CrashWorkload,
  found: string[],
): Promise<void> {
  await client.request('CompactStore', {});
  const { archive } = await client.request('StoreStats', {});
  if (archive.segments === 0) found.push('nothing is archived');
  await checkEntries(client, workload, 'after the archiving', found);
}

export function untilHealthy(client: MonitorClient): Promise<true> {
  return eventually(
    'a healthy daemon',
    async () => (await client.request('Health', {})).state === 'healthy',
    PATIENCE_MS,
  ) as Promise<true>;
}

async function checkEntries(
  client: MonitorClient,
  workload: CrashWorkload,
  when: string,
  found: string[],
): Promise<number> {
  const stored = await storedMessages(client, 'crash');
  const accepted = workload.clients.flatMap(({ acceptedEntries }) => acceptedEntries);
  const { lost, doubled } = violations(accepted, stored);
  const name = (message: string) => message.slice(0, 40);
  if (lost.length > 0) found.push(`lost ${when}: ${lost.map(name).join(', ')}`);
  if (doubled.length > 0) found.push(`twice ${when}: ${doubled.map(name).join(', ')}`);
  return stored.size;
}

/** Sessions and watches that were acknowledged are there, as far as they were. */
async function checkState(
  client: MonitorClient,
  workload: CrashWorkload,
  found: string[],
): Promise<void> {
  const { sessions } = await client.request('ListSessions', { limit: 100 } as never);
  for (const { name, startId, endId, client: owner } of workload.sessions) {
    const rows = sessions.filter((session) => session.session_id === name);
    if (rows.length > 1) found.push(`session ${name} is there twice`);
    if (owner.isAccepted(startId) && rows.length === 0) found.push(`session ${name} is lost`);
    const hasEnded = (rows[0]?.ended_at ?? null) !== null;
    if (owner.isAccepted(endId) && !hasEnded) found.push(`the end of session ${name} is lost`);
  }
  const { watches } = await client.request('ListWatches', {});
  const isWatched = watches.some(({ path }) => path === workload.secondRoot);
  const isPromised = workload.clients.some((owner) => owner.isAccepted(workload.watchId));
  if (isPromised && !isWatched) found.push('the watch that was accepted is lost');
}

async function checkFiles(
  client: MonitorClient,
  workload: CrashWorkload,
  found: string[],
): Promise<void> {
  await client.request('Sync', {});
  for (const root of [workload.root, workload.secondRoot]) {
    const index = await inIndex(client, root);
    const disk = onDisk(root);
    found.push(...differences(disk, index, ['on disk', 'in the index']));
    try {
      found.push(
        ...differences(await foldedEvents(client, root), index, ['folded', 'in the index']),
      );
    } catch (error) {
      found.push((error as Error).message);
    }
  }
}
