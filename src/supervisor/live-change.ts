import { checkSpec } from './check-spec.ts';
import { DEFAULT_MAILBOX, type ChildSpec, type SupervisorSpec } from './child-spec.ts';
import { describeError } from './describe-error.ts';
import { rulesOf, type Slot } from './slot.ts';
import { flagsOf, SupervisorNode } from './supervisor-node.ts';
import { WorkerSlot } from './worker-slot.ts';

export type ChangeSpecResult = { ok: true } | { ok: false; error: 'noproc' | { badSpec: string } };

/**
 * OTP's code_change: flags and child specs are replaced, new specs are added but not started, specs that are no
 * longer named stay (behind the named ones), running children go on as they are; a changed child spec counts from
 * its next start. A wrong spec changes nothing. A dynamic supervisor stays one, and no other becomes one.
 */
export function changeSpec(node: SupervisorNode, spec: SupervisorSpec): ChangeSpecResult {
  const problem = problemOf(node, spec);
  if (problem !== undefined) return { ok: false, error: { badSpec: problem } };
  const added: Slot[] = [];
  const kept = new Map(node.children);
  try {
    for (const child of spec.children ?? []) {
      if (!kept.has(child.id)) added.push(node.addChild(child));
    }
  } catch (error) {
    for (const slot of added) node.removeChild(slot);
    return { ok: false, error: { badSpec: describeError(error) } };
  }
  node.children.clear();
  for (const child of spec.children ?? []) {
    const slot = kept.get(child.id) ?? added.find(({ id }) => id === child.id)!;
    if (kept.delete(child.id)) adopt(slot, child);
    else slot.retire();
    node.children.set(child.id, slot);
  }
  for (const [id, slot] of kept) node.children.set(id, slot);
  node.spec = spec;
  node.flags = flagsOf(spec);
  const { runtime, path } = node;
  runtime.treeLog.ordered(
    path,
    [...node.children.values()].map((slot) => slot.path),
  );
  runtime.treeChanged(node);
  runtime.report({ kind: 'specChanged', path });
  return { ok: true };
}

function problemOf(node: SupervisorNode, spec: SupervisorSpec): string | undefined {
  if (spec.id !== node.id) return `the id '${node.id}' cannot change`;
  if ((spec.strategy === 'dynamic') !== node.isDynamic) {
    return 'a supervisor cannot become dynamic, or cease to be';
  }
  const parent = node.parentSlot?.spec;
  try {
    checkSpec(spec, parent?.type === 'supervisor' ? parent : undefined);
  } catch (error) {
    return describeError(error);
  }
  for (const child of spec.children ?? []) {
    const slot = node.children.get(child.id);
    if (slot && slot.spec.type !== child.type) return `'${child.id}' cannot change its type`;
    if (slot instanceof WorkerSlot && child.type === 'worker') {
      if ((child.name ?? slot.path) !== slot.name) return `'${child.id}' cannot change its name`;
    }
  }
  return undefined;
}

function adopt(slot: Slot, spec: ChildSpec): void {
  slot.rules = rulesOf(spec);
  if (slot instanceof WorkerSlot && spec.type === 'worker') {
    slot.spec = spec;
    slot.mailbox.spec = spec.mailbox ?? DEFAULT_MAILBOX;
  } else if (slot instanceof SupervisorNode && spec.type === 'supervisor') {
    slot.nextSpec = spec;
  }
}
