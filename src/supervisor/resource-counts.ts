import type { Resource } from './scope.ts';

/** How many of a kind an actor holds, over its incarnations. */
export interface ResourceCount {
  path: string;
  kind: string;
  count: number;
  oldestAgeMs: number;
}

/** A kind of thing that an actor holds more or less of than before. */
export interface ResourceChange {
  path: string;
  kind: string;
  before: number;
  after: number;
}

export function countResources(resources: readonly Resource[]): ResourceCount[] {
  const counts = new Map<string, ResourceCount>();
  for (const { owner, kind, ageMs } of resources) {
    const path = owner.slice(0, owner.lastIndexOf('#'));
    const key = keyOf({ path, kind });
    const known = counts.get(key);
    if (!known) counts.set(key, { path, kind, count: 1, oldestAgeMs: ageMs });
    else {
      known.count += 1;
      known.oldestAgeMs = Math.max(known.oldestAgeMs, ageMs);
    }
  }
  return [...counts.values()];
}

/** What grew most comes first: what leaks, when it is asked for again and again. */
export function diffResources(
  before: readonly ResourceCount[],
  after: readonly ResourceCount[],
): ResourceChange[] {
  const earlier = new Map(before.map((one) => [keyOf(one), one]));
  const later = new Map(after.map((one) => [keyOf(one), one]));
  const changes: ResourceChange[] = [];
  for (const [key, one] of new Map([...earlier, ...later])) {
    const { path, kind } = one;
    const change = {
      path,
      kind,
      before: earlier.get(key)?.count ?? 0,
      after: later.get(key)?.count ?? 0,
    };
    if (change.before !== change.after) changes.push(change);
  }
  return changes.sort((one, two) => two.after - two.before - (one.after - one.before));
}

function keyOf({ path, kind }: { path: string; kind: string }): string {
  return `${path}\n${kind}`;
}
