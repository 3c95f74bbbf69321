import * as admin from './admin.ts';
import type { OperatorWord } from './exit-reason.ts';
import type { Runtime } from './runtime.ts';
import type { Slot } from './slot.ts';
import { SupervisorNode } from './supervisor-node.ts';
import { SUSPEND_DEFAULT_MS } from './suspension.ts';
import { WorkerSlot } from './worker-slot.ts';

export type KillResult =
  | { ok: true; path: string; epoch: number; type: 'worker' | 'supervisor' }
  | { ok: false; error: 'noproc' | 'root' };

export type SuspendResult =
  | { ok: true; path: string; epoch: number; untilMs: number }
  | { ok: false; error: 'noproc' | 'supervisor' | 'not_running' | 'invalid' };

export type ResumeResult = { ok: true; wasSuspended: boolean } | { ok: false; error: 'noproc' };

/** Ends an incarnation at once. What waits for its restart is brought back at once. */
export function kill(runtime: Runtime, path: string, word: OperatorWord): KillResult {
  return end(runtime, path, (slot) => slot.kill(word));
}

/** Ends it as its spec says, and brings it back; also what is parked, waits or was stopped. */
export async function restart(
  runtime: Runtime,
  path: string,
  word: OperatorWord,
): Promise<KillResult> {
  const slot = runtime.slots.get(path);
  const parent = slot?.parentSlot;
  if (slot && slot.phase === 'stopped' && parent instanceof SupervisorNode) {
    const { epoch } = slot;
    const result = await admin.restartChild(parent, slot.id);
    if (result.ok) return { ok: true, path, epoch, type: slot.spec.type };
  }
  return end(runtime, path, (up) => up.restart(word));
}

/** Ends it as its spec says; it stays down until somebody restarts it. */
export async function stop(
  runtime: Runtime,
  path: string,
  word: OperatorWord,
): Promise<KillResult> {
  const slot = runtime.slots.get(path);
  if (!slot) return { ok: false, error: 'noproc' };
  const parent = slot.parentSlot;
  if (!(parent instanceof SupervisorNode)) return { ok: false, error: 'root' };
  const { epoch } = slot;
  await admin.terminateChild(parent, slot.id);
  slot.isStoppedByOperator = true;
  if (slot.lastExit && word.why !== undefined) {
    slot.lastExit = { ...slot.lastExit, reason: `stopped by operator: ${word.why}` };
  }
  return { ok: true, path, epoch, type: slot.spec.type };
}

/** A worker handles nothing until it is resumed, but still ends when it is asked to. Can be repeated. */
export function suspend(
  runtime: Runtime,
  path: string,
  ttlMs: number = SUSPEND_DEFAULT_MS,
): SuspendResult {
  const slot = runtime.slots.get(path);
  if (!slot) return { ok: false, error: 'noproc' };
  if (!(slot instanceof WorkerSlot)) return { ok: false, error: 'supervisor' };
  if (!(ttlMs > 0)) return { ok: false, error: 'invalid' };
  if (!slot.suspend(ttlMs)) return { ok: false, error: 'not_running' };
  return { ok: true, path, epoch: slot.epoch, untilMs: slot.suspension.untilMs! };
}

export function resume(runtime: Runtime, path: string): ResumeResult {
  const slot = runtime.slots.get(path);
  if (!(slot instanceof WorkerSlot)) return { ok: false, error: 'noproc' };
  const wasSuspended = slot.suspension.isOn;
  slot.suspension.end('operator');
  return { ok: true, wasSuspended };
}

function end(runtime: Runtime, path: string, ask: (slot: Slot) => void): KillResult {
  const slot = runtime.slots.get(path);
  if (!slot) return { ok: false, error: 'noproc' };
  const parent = slot.parentSlot;
  if (!(parent instanceof SupervisorNode)) return { ok: false, error: 'root' };
  const { epoch } = slot;
  if (slot.isUp) ask(slot);
  else if (!parent.restarter.startNow(slot)) return { ok: false, error: 'noproc' };
  return { ok: true, path, epoch, type: slot.spec.type };
}
