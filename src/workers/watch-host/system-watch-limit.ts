import { readFileSync } from 'node:fs';

/** Of the user, and of the user namespace, whose limits hold as well. */
const LIMIT_FILES = [
  '/proc/sys/fs/inotify/max_user_watches',
  '/proc/sys/user/max_inotify_watches',
] as const;

/** inotify watches the user may have in all; undefined where the system has no such limit. */
export function systemWatchLimit(): number | undefined {
  const limits = LIMIT_FILES.map(readCount).filter((limit) => limit !== undefined);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

function readCount(path: string): number | undefined {
  try {
    const count = Number.parseInt(readFileSync(path, 'utf8'), 10);
    return Number.isNaN(count) ? undefined : count;
  } catch {
    return undefined;
  }
}
