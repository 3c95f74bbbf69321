import type { LeaksView, ResourceView } from '../protocol/debug/actor-views.ts';

/** What there is more of than before. */
export interface Growth {
  name: string;
  before: number;
  after: number;
}

export interface LeakGrowth {
  /** By actor and kind: incarnations of one actor count together. */
  resources: (Growth & { owner: string; kind: string })[];
  handles: Growth[];
  descriptors: Growth[];
}

/** The difference of two looks, largest first; what stayed or shrank is left out. */
export function leakGrowth(before: LeaksView, after: LeaksView): LeakGrowth {
  const held = grown(countsOf(before.resources), countsOf(after.resources));
  return {
    resources: held.map((growth) => {
      const [owner = '', kind = ''] = growth.name.split('\0');
      return { ...growth, name: `${owner} ${kind}`, owner, kind };
    }),
    handles: grown(before.handles, after.handles),
    descriptors: grown(before.descriptors ?? {}, after.descriptors ?? {}),
  };
}

/** How many of each owner and kind. */
export function countsOf(resources: readonly ResourceView[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { owner, kind } of resources) {
    const key = `${owner.replace(/#\d+$/, '')}\0${kind}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

function grown(before: Record<string, number>, after: Record<string, number>): Growth[] {
  return Object.entries(after)
    .map(([name, count]) => ({ name, before: before[name] ?? 0, after: count }))
    .filter((one) => one.after > one.before)
    .toSorted((a, b) => b.after - b.before - (a.after - a.before));
}
