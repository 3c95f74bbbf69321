import { readdirSync } from 'node:fs';
import { nodeAheadDisk } from './ahead-disk.ts';
import { underDeathWatch } from './death-watch.ts';
import { nodeDisk } from './disk.ts';
import { FsHints } from './fs-hints.ts';
import type { HintFactory, HostClock, Timer, WatchHostPorts } from './host-ports.ts';
import { assertInotifyInstance } from './inotify-instance.ts';
import { readInotifyList, watchedInodes } from './inotify-list.ts';
import { readMounts } from './mount-changes.ts';
import { ParcelHints } from './parcel-hints.ts';
import { systemWatchLimit } from './system-watch-limit.ts';
import { WatchBudget } from './watch-budget.ts';

/** The host's ports on a real system; `platform` as in process.platform. */
export function nodeHostPorts(
  platform: string,
  parentPid: number,
  memoryBytes: () => number,
): WatchHostPorts {
  const budget = new WatchBudget(systemWatchLimit, () => performance.now());
  return {
    ...{
      clock: nodeClock(),
      disk: nodeDisk(),
      aheadDisk: nodeAheadDisk(),
      hints: nodeHints(platform, parentPid, budget),
      budget,
    },
    readInotifyList,
    readMounts,
    measure: () => ({
      memoryBytes: zeroUnlessTold(memoryBytes),
      descriptors: zeroUnlessTold(() => readdirSync('/dev/fd').length),
    }),
  };
}

/** Where /proc is not mounted, the system tells neither. */
function zeroUnlessTold(read: () => number): number {
  try {
    return read();
  } catch {
    return 0;
  }
}

function nodeClock(): HostClock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    setTimeout: (callback, delayMs) => ({ id: setTimeout(callback, delayMs) }),
    clearTimeout: (timer: Timer) => clearTimeout(timer.id as NodeJS.Timeout),
    setImmediate: (callback) => void setImmediate(callback),
  };
}

function nodeHints(platform: string, parentPid: number, budget: WatchBudget): HintFactory {
  const isLinux = platform === 'linux';
  let turn: Promise<unknown> = Promise.resolve();
  return {
    create(kind, root, options, listener) {
      if (kind === 'fs') return new FsHints(listener, budget);
      return new ParcelHints(root, listener, {
        // Loaded when needed: most hosts never do.
        subscribe: async (...subscription) => {
          if (isLinux) await assertInotifyInstance();
          const { default: watcher } = await import('@parcel/watcher');
          return underDeathWatch(parentPid, () => watcher.subscribe(...subscription));
        },
        backend: isLinux ? 'inotify' : undefined,
        lateWatches: isLinux ? new FsHints(listener, budget) : undefined,
        lateBudget: options.directoryBudget,
        watchedInodes,
        inTurn: (work) => {
          const done = turn.then(work);
          turn = done.catch(() => undefined);
          return done;
        },
        budget,
        useDefaultIgnores:
          options.useDefaultIgnores && !options.ignore.some((glob) => glob.startsWith('!')),
      });
    },
  };
}
