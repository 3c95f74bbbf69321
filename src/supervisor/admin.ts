import { checkSpec } from './check-spec.ts';
import type { ChildSpec } from './child-spec.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Slot } from './slot.ts';
import type { SupervisorNode } from './supervisor-node.ts';

type Refusal<Code> = { ok: false; error: Code };

export type StartChildResult =
  | { ok: true; path: string }
  | Refusal<
      | 'already_started'
      | 'already_present'
      | 'max_children'
      | 'noproc'
      | 'shutting_down'
      | { startFailed: ExitReason }
    >;

export type RestartChildResult =
  | { ok: true; path: string }
  | Refusal<
      | 'running'
      | 'restarting'
      | 'not_found'
      | 'dynamic'
      | 'noproc'
      | 'shutting_down'
      | { startFailed: ExitReason }
    >;

/** dynamic: a dynamic supervisor keeps no specs of ended children. */
export type DeleteChildResult =
  'ok' | 'running' | 'restarting' | 'not_found' | 'dynamic' | 'noproc';

export interface ChildInfo {
  id: string;
  path: string;
  type: 'worker' | 'supervisor';
  /** Epoch of the incarnation there is; 'restarting' between two; undefined when it is down for good. */
  child: number | 'restarting' | undefined;
}

/** As OTP counts: a child that waits for its restart is not active. */
export interface ChildCounts {
  specs: number;
  active: number;
  supervisors: number;
  workers: number;
}

export async function startChild(node: SupervisorNode, spec: ChildSpec): Promise<StartChildResult> {
  if (!node.isOpen || node.phase !== 'running') return { ok: false, error: 'shutting_down' };
  const known = node.children.get(spec.id);
  if (known) {
    const isDown = !known.isUp && !isRestarting(known);
    return { ok: false, error: isDown ? 'already_present' : 'already_started' };
  }
  const { maxChildren = Infinity } = node.spec;
  if (node.children.size >= maxChildren) return { ok: false, error: 'max_children' };
  // OTP: a start that finds its name taken says who has it.
  const { name } = spec.type === 'worker' ? spec : {};
  if (name !== undefined && node.runtime.registry.find(name)?.slot) {
    return { ok: false, error: 'already_started' };
  }
  let slot: Slot;
  try {
    checkSpec(spec, node.spec);
    slot = node.addChild(spec);
  } catch (error) {
    return { ok: false, error: { startFailed: { kind: 'startFailed', error } } };
  }
  return node.restarter.exclusively(() => startAdded(node, slot));
}

/** A spec whose first start fails is not kept. */
async function startAdded(node: SupervisorNode, slot: Slot): Promise<StartChildResult> {
  if (!node.isOpen) return { ok: false, error: 'shutting_down' };
  // A group restart that came in between has started it.
  if (slot.isUp) return { ok: true, path: slot.path };
  const outcome = await slot.start();
  if (outcome.kind === 'ignored') node.settleIgnored(slot);
  if (outcome.kind !== 'failed') return { ok: true, path: slot.path };
  if (!node.isOpen) return { ok: false, error: 'shutting_down' };
  if (!slot.isRemoved) node.removeChild(slot);
  return { ok: false, error: { startFailed: outcome.reason } };
}

/** Idempotent. The spec stays, except of temporary and of dynamic children. */
export async function terminateChild(
  node: SupervisorNode,
  id: string,
): Promise<'ok' | 'not_found'> {
  const slot = node.children.get(id);
  if (!slot) return 'not_found';
  node.restarter.withdraw(slot);
  if (slot.isUp) await slot.stop();
  if (slot.isRemoved || slot.isUp || !node.isOpen) return 'ok';
  slot.phase = 'stopped';
  node.runtime.treeChanged(slot);
  if (node.isDynamic || slot.rules.restart === 'temporary') node.removeChild(slot);
  else slot.retire();
  return 'ok';
}

export async function restartChild(node: SupervisorNode, id: string): Promise<RestartChildResult> {
  if (node.isDynamic) return { ok: false, error: 'dynamic' };
  return node.restarter.exclusively(async () => {
    if (!node.isOpen) return { ok: false, error: 'shutting_down' };
    const slot = node.children.get(id);
    if (!slot) return { ok: false, error: 'not_found' };
    if (isRestarting(slot)) return { ok: false, error: 'restarting' };
    if (slot.isUp) return { ok: false, error: 'running' };
    const outcome = await slot.start();
    if (outcome.kind === 'ignored') node.settleIgnored(slot);
    if (outcome.kind !== 'failed') return { ok: true, path: slot.path };
    if (!node.isOpen) return { ok: false, error: 'shutting_down' };
    slot.phase = 'stopped';
    slot.retire();
    return { ok: false, error: { startFailed: outcome.reason } };
  });
}

export function deleteChild(node: SupervisorNode, id: string): DeleteChildResult {
  if (node.isDynamic) return 'dynamic';
  const slot = node.children.get(id);
  if (!slot) return 'not_found';
  if (isRestarting(slot)) return 'restarting';
  if (slot.isUp) return 'running';
  node.removeChild(slot);
  return 'ok';
}

/** Last started first, as OTP lists them. */
export function whichChildren(node: SupervisorNode): ChildInfo[] {
  return [...node.children.values()].reverse().map(infoOf);
}

/** OTP's which_child/2. */
export function whichChild(node: SupervisorNode, id: string): ChildInfo | 'not_found' {
  const slot = node.children.get(id);
  return slot ? infoOf(slot) : 'not_found';
}

function infoOf(slot: Slot): ChildInfo {
  const { id, path, epoch, isUp, spec } = slot;
  const child = isRestarting(slot) ? 'restarting' : isUp ? epoch : undefined;
  return { id, path, type: spec.type, child };
}

export function countChildren(node: SupervisorNode): ChildCounts {
  const slots = [...node.children.values()];
  const supervisors = slots.filter((slot) => slot.spec.type === 'supervisor').length;
  return {
    specs: slots.length,
    active: slots.filter((slot) => slot.isUp && !isRestarting(slot)).length,
    supervisors,
    workers: slots.length - supervisors,
  };
}

/** Between two incarnations, or in an attempt at the next one. */
function isRestarting(slot: Slot): boolean {
  return slot.attempt !== undefined || slot.phase === 'restarting' || slot.phase === 'backing-off';
}
