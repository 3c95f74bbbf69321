import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CodiError } from '../../../protocol/errors.ts';
import { writeDurably } from '../durable-file.ts';
import type { HealReport } from '../healing.messages.ts';
import type { StoreKind } from '../open-database.ts';
import {
  beginHealing,
  draftPath,
  endHealing,
  healingUnderWay,
  healReports,
  isSettled,
  moveAside,
  settle,
  type Healing,
} from './quarantine.ts';
import { salvage } from './salvage.ts';
import { unprovedName } from './unproved-file.ts';

const HOUR_MS = 3_600_000;
/** Work between two turns of the event loop: heartbeats and orders to stop get through. */
const SLICE_MS = 50;

export interface HealPorts {
  dataDir: string;
  nowMs(): number;
  onProgress(share: number): void;
}

/** Whether a database can and may be healed now. Throws CODI_HEALED_TOO_OFTEN. */
export function assertMayHeal(
  dataDir: string,
  kind: StoreKind,
  { perHour, nowMs, reason }: { perHour: number; nowMs: number; reason: string },
): void {
  const recent = healReports(dataDir).filter(
    ({ store, atMs }) => store === kind && atMs > nowMs - HOUR_MS && atMs <= nowMs,
  );
  if (recent.length < perHour) return;
  throw new CodiError('CODI_HEALED_TOO_OFTEN', {
    path: join(dataDir, `${kind}.db`),
    count: recent.length,
    reason,
  });
}

/**
 * Moves a damaged database aside and puts what can be made of it in its place, or goes on with that where it was
 * interrupted. Nobody may have it open. What it throws leaves the mark, so that it is tried again.
 */
export async function heal(
  kind: StoreKind,
  reason: string,
  { dataDir, nowMs, onProgress }: HealPorts,
): Promise<HealReport> {
  const healing = healingUnderWay(dataDir, kind) ?? beginHealing(dataDir, kind, reason, nowMs());
  if (!isSettled(dataDir, kind, healing)) {
    moveAside(dataDir, kind, healing);
    await rebuild(kind, healing, { dataDir, nowMs, onProgress });
    settle(dataDir, kind);
  }
  const text = await readFile(join(dataDir, `${healing.quarantine}.json`), 'utf8');
  endHealing(dataDir, kind);
  return JSON.parse(text) as HealReport;
}

async function rebuild(
  kind: StoreKind,
  { quarantine, reason, startedMs }: Healing,
  { dataDir, nowMs, onProgress }: HealPorts,
): Promise<void> {
  const to = draftPath(dataDir, kind);
  for (const end of ['', '-journal', '-wal', '-shm']) await rm(`${to}${end}`, { force: true });
  const from = join(dataDir, quarantine);
  const unproved = join(dataDir, unprovedName(quarantine));
  await rm(unproved, { force: true });
  const work = salvage({ kind, dataDir, from, to, unproved, nowMs: startedMs });
  const report = await inSlices(work, onProgress);
  await syncSlowly(to);
  const healed: HealReport = {
    healedAt: new Date(nowMs()).toISOString(),
    reason,
    quarantine,
    unprovedFile: report.unproved > 0 ? unprovedName(quarantine) : null,
    ...report,
  };
  writeDurably(dataDir, `${quarantine}.json`, `${JSON.stringify(healed, null, 2)}\n`);
}

/** Carries out work piece by piece, and lets the thread do something else in between. */
export async function inSlices<Result>(
  work: Generator<number, Result>,
  onProgress: (share: number) => void,
): Promise<Result> {
  for (;;) {
    const endMs = performance.now() + SLICE_MS;
    let step: IteratorResult<number, Result>;
    do step = work.next();
    while (step.done !== true && performance.now() < endMs);
    if (step.done === true) return step.value;
    onProgress(step.value);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** In another thread: it can take longer than a watchdog waits. */
async function syncSlowly(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
