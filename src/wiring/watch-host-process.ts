import type { WatchHostProcess } from '../actors/watching/watch-host.actor.ts';
import { WATCH_HOST_HEAP_FLAGS } from '../config/heap-flags.ts';
import { workerEntry } from '../config/package-files.ts';
import type { Config } from '../config/schema.ts';

/** Threads of a watch host beside those that look ahead of sweeps: as many as Node has for everything. */
const OTHER_THREADS = 4;

/** How a watch host is started, in its turn or before. */
export function watchHostProcess({ monitor }: Config): WatchHostProcess {
  return {
    kind: 'process',
    entry: workerEntry('watch-host/watch-host.process.js'),
    env: { UV_THREADPOOL_SIZE: String(monitor.readAheadCount + OTHER_THREADS) },
    nodeArgs: WATCH_HOST_HEAP_FLAGS,
  };
}
