import {
  errorOf,
  fingerprintOf,
  NEIGHBOURS_LIMIT,
  redacted,
  UNREAD_TYPES_LIMIT,
  type CrashReport,
  type MachineSnapshot,
} from './crash-report.ts';
import { describeExit, isOperatorKill, type ExitReason } from './exit-reason.ts';
import { messageType } from './message-type.ts';
import { toPlain } from './plain-data.ts';
import type { Slot } from './slot.ts';
import { stateWord } from './statechart.ts';
import type { WorkerSlot } from './worker-slot.ts';

/** Keeps the report of a crash that is just happening; what an operator or supervisor ended is none. */
export function reportCrash(slot: WorkerSlot, reason: ExitReason): void {
  const isMeant = isOperatorKill(reason) || reason.kind === 'restarted';
  const isKill = reason.kind === 'killed' || reason.kind === 'abandoned';
  if (isMeant || (isKill && reason.by !== 'timeout')) return;
  const { runtime, path, epoch } = slot;
  const report = crashReportOf(slot, reason);
  const { fingerprint } = report;
  if (runtime.crashes.add(report)) runtime.report({ kind: 'crash', path, epoch, fingerprint });
}

export function machineSnapshotOf(slot: WorkerSlot): MachineSnapshot | undefined {
  const snapshot = slot.cell?.machine?.snapshot;
  if (!snapshot) return undefined;
  return {
    state: stateWord(snapshot.value),
    value: toPlain(snapshot.value),
    tags: [...snapshot.tags],
    status: snapshot.status,
    context: redacted(slot.runtime.redact, slot.path, snapshot.context),
  };
}

export function ancestorsOf(slot: Slot): Slot[] {
  const above: Slot[] = [];
  for (let next = slot.parentSlot; next; next = next.parentSlot) above.push(next);
  return above;
}

function crashReportOf(slot: WorkerSlot, reason: ExitReason): CrashReport {
  const { runtime, path, epoch, mailbox, log, cell, relations } = slot;
  const { clock } = runtime.environment;
  const ancestors = ancestorsOf(slot).map((node) => node.path);
  // Many dynamic children of one kind crash for one cause: their supervisor is the place.
  const parent = slot.parentSlot?.spec;
  const isDynamic = parent?.type === 'supervisor' && parent.strategy === 'dynamic';
  const links = relations.linkedPaths;
  return {
    fingerprint: fingerprintOf(isDynamic ? (ancestors[0] ?? path) : path, reason),
    at: clock.nowMs(),
    crasher: {
      path,
      name: slot.name,
      epoch,
      pid: `${path}#${epoch}`,
      isolation: cell?.host?.tag ?? 'inline',
      uptimeMs: slot.uptimeMs,
      restarts: slot.restarts,
      messagesHandled: log.messagesIn,
    },
    reason: describeExit(reason),
    error: errorOf(reason),
    message: cell?.inHand?.type,
    ancestors,
    links,
    monitoredBy: relations.monitorCount,
    neighbours: links.slice(0, NEIGHBOURS_LIMIT).flatMap((link) => {
      const node = runtime.slots.get(link)?.toTreeNode();
      if (!node) return [];
      return { path: link, epoch: node.epoch, state: node.state, unread: node.mailbox.count };
    }),
    unread: {
      count: mailbox.count,
      types: mailbox.peek(UNREAD_TYPES_LIMIT).map((message) => messageType(message)),
    },
    recent: log.hasRecords ? log.recorder.read(clock) : [],
    machine: machineSnapshotOf(slot),
  };
}
