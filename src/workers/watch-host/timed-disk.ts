import type { Disk } from './disk.ts';
import type { HostClock } from './host-ports.ts';

/** Of looks at entries one in so many is timed. */
const TIMED_EVERY = 8;
/** A listing counts as one look for so many names. */
const NAMES_OF_A_LOOK = 64;

export type LookKind = 'entry' | 'listing';

/** The same disk, whose listings and some of whose looks are timed. */
export function timedDisk(
  disk: Disk,
  clock: HostClock,
  note: (kind: LookKind, lookMs: number) => void,
): Disk {
  let count = 0;
  return {
    lstat(path) {
      if (count++ % TIMED_EVERY !== 0) return disk.lstat(path);
      const startMs = clock.monotonicMs();
      const found = disk.lstat(path);
      note('entry', clock.monotonicMs() - startMs);
      return found;
    },
    readNames(directory) {
      const startMs = clock.monotonicMs();
      const names = disk.readNames(directory);
      note('listing', (clock.monotonicMs() - startMs) / (1 + names.length / NAMES_OF_A_LOOK));
      return names;
    },
    readFile: (path, limitBytes) => disk.readFile(path, limitBytes),
    filesystemType: (path) => disk.filesystemType(path),
  };
}
