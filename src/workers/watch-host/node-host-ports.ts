import { nodeDisk } from './disk.ts';
import { FsHints } from './fs-hints.ts';
import type { HintFactory, HostClock, Timer, WatchHostPorts } from './host-ports.ts';
import { ParcelHints } from './parcel-hints.ts';
import { watchedInodes } from './watch-coverage.ts';

/** The host's ports on a real system; `platform` as in process.platform. */
export function nodeHostPorts(platform: string): WatchHostPorts {
  return { clock: nodeClock(), disk: nodeDisk(), hints: nodeHints(platform) };
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

function nodeHints(platform: string): HintFactory {
  const isLinux = platform === 'linux';
  return {
    prefersRecursive: !isLinux,
    create(kind, root, options, listener) {
      if (kind === 'fs') return new FsHints(listener);
      return new ParcelHints(root, listener, {
        // Loaded when needed: most hosts never do.
        subscribe: async (...subscription) => {
          const { default: watcher } = await import('@parcel/watcher');
          return watcher.subscribe(...subscription);
        },
        backend: isLinux ? 'inotify' : undefined,
        lateWatches: isLinux ? new FsHints(listener) : undefined,
        lateBudget: options.directoryBudget,
        watchedInodes,
        useDefaultIgnores:
          options.useDefaultIgnores && !options.ignore.some((glob) => glob.startsWith('!')),
      });
    },
  };
}
