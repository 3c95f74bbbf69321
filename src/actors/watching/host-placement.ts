import type { BytePath } from '../../protocol/byte-path.ts';
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
  /** Where the root lies that needs a host. */
  path: BytePath;
  /** Most hosts of each kind. */
  hostCount: number;
  roots: readonly Pick<WatchedRoot, 'host' | 'path'>[];
  start(host: string): Promise<void>;
}

/** A host for one more root; when none for recursive watchers can be had, one of the others. */
export async function hostFor(kind: HostKind, placement: Placement): Promise<string> {
  const recursive = kind === 'parcel' ? await recursiveHost(placement) : undefined;
  if (recursive !== undefined) return recursive;
  const host = leastLoaded('fs', placement);
  await placement.start(host);
  return host;
}

/** A host for recursive watchers; undefined when none can be had. */
export function recursiveHost(placement: Placement): Promise<string | undefined> {
  const host = leastLoaded('parcel', placement);
  return placement.start(host).then(
    () => host,
    () => undefined,
  );
}

/**
 * The host of this kind with the fewest roots. Recursive watchers of one directory are not told apart by the kernel's
 * list of a process, so a root shares a host for such with one around it, or in it, only where no other is allowed.
 */
function leastLoaded(kind: HostKind, { path, hostCount, roots }: Placement): string {
  let best = { host: hostId(kind, 1), overlapping: Infinity, load: Infinity };
  for (let number = 1; number <= hostCount; number++) {
    const host = hostId(kind, number);
    const there = roots.filter((root) => root.host === host);
    const overlaps = kind === 'parcel' ? there.filter((root) => areNested(root.path, path)) : [];
    const [overlapping, load] = [overlaps.length, there.length];
    if (overlapping < best.overlapping || (overlapping === best.overlapping && load < best.load))
      best = { host, overlapping, load };
  }
  return best.host;
}

function areNested(one: BytePath, other: BytePath): boolean {
  const inside = (inner: BytePath, outer: BytePath) =>
    inner === outer || inner.startsWith(outer === '/' ? '/' : `${outer}/`);
  return inside(one, other) || inside(other, one);
}
