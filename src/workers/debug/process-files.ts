import { readdirSync, readlinkSync } from 'node:fs';

/**
 * Open descriptors of this process by kind, where /proc tells. Synchronous on purpose: a disk that hangs may hold all
 * threads that asynchronous calls run on, and /proc is no disk.
 */
export function descriptorKinds(): Record<string, number> | undefined {
  const kinds: Record<string, number> = {};
  for (const name of namesIn('/proc/self/fd') ?? []) {
    const kind = kindOf(name);
    if (kind !== undefined) kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return Object.keys(kinds).length === 0 ? undefined : kinds;
}

export function threadCount(): number | undefined {
  return namesIn('/proc/self/task')?.length;
}

/** `socket:[17]` and `anon_inode:[eventpoll]` are a socket and an eventpoll; what has a path is a file. */
function kindOf(name: string): string | undefined {
  try {
    const target = readlinkSync(`/proc/self/fd/${name}`);
    if (target.startsWith('/')) return 'file';
    const [, kind, inside] = /^([\w-]+):\[?([\w-]*)\]?$/.exec(target) ?? [];
    return kind === 'anon_inode' ? inside : (kind ?? 'other');
  } catch {
    // It was closed meanwhile: the one that listed them.
    return undefined;
  }
}

function namesIn(directory: string): string[] | undefined {
  try {
    return readdirSync(directory);
  } catch {
    return undefined;
  }
}
