import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/*
 * Files of this package by their names in it: the code that asks may have been bundled into any file of it.
 */

/** What a thread or a child process runs; `path` is seen from the folder of all of them. */
export function workerEntry(path: string): URL {
  return new URL(import.meta.resolve(`#codi/workers/${path}`));
}

/** What the daemon's process runs. */
export function monitorEntry(): URL {
  return new URL(import.meta.resolve('#codi/monitor.js'));
}

/** What an addon has to be compiled with. */
export function objectWrapHeader(): string {
  const manifest = import.meta.resolve('codi-monitor/package.json');
  return fileURLToPath(new URL('config/object-wrap.h', manifest));
}

export function packageVersion(): string {
  const manifest = readFileSync(new URL(import.meta.resolve('codi-monitor/package.json')), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
