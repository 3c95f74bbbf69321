// Preloaded (NODE_OPTIONS) into a daemon: when a watched folder disappears, its main thread never comes back
// from the turn of the actor that says so; or not before the file that SPIN_UNTIL names is there.
import { existsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { createTelemetry } from '../../dist/telemetry/telemetry.js';

if (isMainThread) {
  const quiet = createTelemetry({ destination: { write: () => undefined }, level: 'error' });
  const prototype = Object.getPrototypeOf(quiet);
  const { emit } = prototype;
  const end = process.env['SPIN_UNTIL'];
  prototype.emit = function (/** @type {string} */ name, /** @type {object} */ fields) {
    emit.call(this, name, fields);
    if (name !== 'RootGone') return;
    // oxlint-disable-next-line no-constant-condition
    while (true) {
      if (end !== undefined && existsSync(end)) break;
    }
  };
}
