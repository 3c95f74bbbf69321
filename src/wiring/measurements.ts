import type { TreeNode } from '../supervisor/index.ts';
import { ACTOR_KINDS, actorKindOf, type ActorKind } from '../telemetry/actor-kinds.ts';
import { isRootAway, lookAtHealth, openGapsOf } from './health.ts';
import type { Shared } from './shared.ts';

/** Moves the metrics of what is only looked at when somebody asks: the tree, health, queues. */
export function measure(shared: Shared): void {
  const { telemetry } = shared.options;
  const { system, roots, desk, buffer } = shared;
  for (const [kind, numbers] of countByKind(system.tree()))
    telemetry.emit('ActorsMeasured', { kind, ...numbers });
  telemetry.emit('SupervisionMeasured', system.counters());
  telemetry.emit('SessionsMeasured', { active: shared.lives.count });
  const { reasons, notReady } = lookAtHealth(shared);
  telemetry.emit('DaemonMeasured', {
    isReady: notReady.length === 0,
    isHealthy: reasons.length === 0,
    clients: desk.connected,
    roots: roots.all().length,
    rootsAway: roots.all().filter(isRootAway).length,
    files: roots.files,
    openGaps: openGapsOf(shared).length,
    waitingBytes: buffer.bytes,
    lostLines: telemetry.lostLinesCount,
  });
}

interface KindNumbers {
  count: number;
  queuedMessages: number;
  queuedBytes: number;
}

/** Kinds without an actor are there too, so that their gauges go back to 0. */
function countByKind(tree: TreeNode): Map<ActorKind, KindNumbers> {
  const numbers = new Map(
    ACTOR_KINDS.map((kind): [ActorKind, KindNumbers] => [
      kind,
      { count: 0, queuedMessages: 0, queuedBytes: 0 },
    ]),
  );
  const visit = (node: TreeNode) => {
    const of = numbers.get(actorKindOf(node.path))!;
    of.count += 1;
    of.queuedMessages += node.mailbox.count;
    of.queuedBytes += node.mailbox.bytes;
    for (const child of node.children) visit(child);
  };
  visit(tree);
  return numbers;
}
