import { chokidar } from './watch-chokidar.mjs';
import { codi } from './watch-codi.mjs';
import { inotifywait } from './watch-inotifywait.mjs';
import { parcel } from './watch-parcel.mjs';
import { watchman } from './watch-watchman.mjs';

/**
 * Watchers by name. `start` resolves when the watcher says that it is ready, and then calls `look(path)` for
 * what it names, or `know(path, size)` when it says itself what is there.
 */
export const watchers = {
  'codi-fs': codi('fs'),
  'codi-parcel': codi('parcel'),
  parcel,
  chokidar,
  watchman,
  inotifywait,
};
