import type { RootOptions } from '../../workers/watch-host/watch-host.messages.ts';
import type { WatchedRoot } from './root-table.ts';

/**
 * `fs` hosts place one watch per directory. `parcel` hosts hold recursive watchers, which share a debounce and a lock
 * within their process: what one of them crawls, the others wait for.
 */
export type HostKind = 'fs' | 'parcel';

const PREFIX: Record<HostKind, string> = { fs: 'host', parcel: 'parcel' };

export function hostId(kind: HostKind, number: number): string {
  return `${PREFIX[kind]}-${number}`;
}

export function hostKind(host: string): HostKind {
  return host.startsWith(`${PREFIX.parcel}-`) ? 'parcel' : 'fs';
}

/** Which kind of host a root begins with; `prefersRecursive`: so it is with `auto`, too (everywhere but on Linux). */
export function kindFor(
  { hintSource, recursive }: Pick<RootOptions, 'hintSource' | 'recursive'>,
  prefersRecursive: boolean,
): HostKind {
  if (!recursive) return 'fs';
  return hintSource === 'parcel' || (hintSource === 'auto' && prefersRecursive) ? 'parcel' : 'fs';
}

/** How a root is watched that has to do without a recursive watcher: one watch per directory, as far as they go. */
export function withoutRecursive(options: RootOptions): RootOptions {
  return { ...options, hintSource: 'fs' };
}

export interface Placement {
  /** Most hosts of each kind. */
  hostCount: number;
  roots: readonly Pick<WatchedRoot, 'host'>[];
  start(host: string): Promise<void>;
}

/** A host for one more root; when none for recursive watchers can be had, one of the others. */
export async function hostFor(kind: HostKind, placement: Placement): Promise<string> {
  const recursive = kind === 'parcel' ? await recursiveHost(placement) : undefined;
  if (recursive !== undefined) return recursive;
  const host = leastLoaded('fs', placement.hostCount, placement.roots);
  await placement.start(host);
  return host;
}

/** A host for recursive watchers; undefined when none can be had. */
export function recursiveHost({ hostCount, roots, start }: Placement): Promise<string | undefined> {
  const host = leastLoaded('parcel', hostCount, roots);
  return start(host).then(
    () => host,
    () => undefined,
  );
}

/** The host of this kind with the fewest roots, out of `hostCount`. */
function leastLoaded(kind: HostKind, hostCount: number, roots: Placement['roots']): string {
  let best = { host: hostId(kind, 1), load: Infinity };
  for (let number = 1; number <= hostCount; number++) {
    const host = hostId(kind, number);
    const load = roots.filter((root) => root.host === host).length;
    if (load < best.load) best = { host, load };
  }
  return best.host;
}
