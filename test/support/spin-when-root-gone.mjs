// Preloaded (NODE_OPTIONS) into a daemon: when a watched folder disappears, its main thread never comes back
// from the turn of the actor that says so; or not before the file that SPIN_UNTIL names is there.
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import pino from 'pino';

if (isMainThread) {
  // The daemon is bundled, but the logger that its lines go through is not.
  const open = pino.destination;
  const end = process.env['SPIN_UNTIL'];
  pino.destination = (/** @type {any} */ options) => {
    const lines = open(options);
    const write = lines.write.bind(lines);
    lines.write = (line) => {
      const isTaken = write(line);
      while (line.includes('"event":"RootGone"') && (end === undefined || !existsSync(end)));
      return isTaken;
    };
    return lines;
  };
}
