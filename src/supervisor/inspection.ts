import { plainError, type MachineSnapshot, type PlainError } from './crash-report.ts';
import { machineSnapshotOf } from './describe-crash.ts';
import { toPlain, type Plain } from './plain-data.ts';
import type { Resource } from './scope.ts';
import type { Slot } from './slot.ts';
import { machineDefinition, nextEvents } from './statechart.ts';
import { explain } from './explain.ts';
import { WorkerSlot } from './worker-slot.ts';

/** Resources listed in one answer. */
export const RESOURCES_LIMIT = 10_000;

/** Numbers of one worker over all its incarnations; times in milliseconds. */
export interface ActorStats {
  path: string;
  epoch: number;
  messagesIn: number;
  messagesOut: number;
  dropped: number;
  errors: number;
  busyMs: number;
  /** Upper bounds of histogram buckets that double. */
  handleP50Ms: number;
  handleP99Ms: number;
  longestMs: number;
  /** Steps that kept the thread longer than the limit. */
  unresponsive: number;
  mailbox: { count: number; bytes: number; highWater: number; oldestAgeMs: number };
  restarts: number;
  /** In its own budget's window, or in its supervisor's period. */
  restartsInWindow: number;
}

export interface MachineView {
  path: string;
  epoch: number;
  snapshot: MachineSnapshot;
  /** Events that lead somewhere from here, guards aside. */
  nextEvents: string[];
  /** XState's definition as plain data; null when it was not asked for. */
  definition: Plain;
}

export type MachineViewResult =
  | { ok: true; view: MachineView }
  | { ok: false; error: 'noproc' | 'supervisor' | 'not_running' | { failed: PlainError } };

export function statsOf(slot: WorkerSlot): ActorStats {
  const { log, mailbox, path, epoch, restarts } = slot;
  const nowMs = slot.runtime.environment.clock.monotonicMs();
  const { budget, supervisor } = explain(slot);
  return {
    path,
    epoch,
    messagesIn: log.messagesIn,
    messagesOut: log.messagesOut,
    dropped: mailbox.dropped,
    errors: log.errors,
    busyMs: log.busyMs,
    handleP50Ms: log.hasRecords ? log.durations.quantile(0.5) : 0,
    handleP99Ms: log.hasRecords ? log.durations.quantile(0.99) : 0,
    longestMs: log.longestMs,
    unresponsive: log.unresponsive,
    mailbox: {
      count: mailbox.count,
      bytes: mailbox.bytes,
      highWater: mailbox.highWater,
      oldestAgeMs: mailbox.oldestAtMs === undefined ? 0 : nowMs - mailbox.oldestAtMs,
    },
    restarts,
    restartsInWindow: budget?.restarts ?? supervisor?.restarts ?? 0,
  };
}

export function resourcesOf(slot: Slot, limit: number): Resource[] {
  if (!(slot instanceof WorkerSlot) || !slot.cell) return [];
  const { cell, path } = slot;
  const owner = `${path}#${cell.epoch}`;
  const host = cell.host;
  const held: Resource[] = host
    ? [{ name: host.tag, kind: host.kind, ageMs: slot.uptimeMs, owner }]
    : [];
  return [...held, ...cell.scope.resources(limit - held.length)].slice(0, limit);
}

export function machineView(slot: Slot | undefined, withDefinition: boolean): MachineViewResult {
  if (!slot) return { ok: false, error: 'noproc' };
  if (!(slot instanceof WorkerSlot)) return { ok: false, error: 'supervisor' };
  const machine = slot.cell?.machine;
  const snapshot = machineSnapshotOf(slot);
  if (!machine || !snapshot) return { ok: false, error: 'not_running' };
  const { path, epoch } = slot;
  try {
    const limits = { depth: 32, nodes: 50_000 };
    const definition = withDefinition ? toPlain(machineDefinition(machine.machine), limits) : null;
    const next = nextEvents(machine.snapshot);
    return { ok: true, view: { path, epoch, snapshot, nextEvents: next, definition } };
  } catch (error) {
    return { ok: false, error: { failed: plainError(error) } };
  }
}
