/** Tasks of the pool that captures files, one export each (see ExportTasks). */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { EXPORTS_FOLDER, namesIn, UNFINISHED } from './exports/blob-files.ts';
import { capture as take } from './exports/capture.ts';
import { failureOf } from './exports/capture-failure.ts';
import { OpenWriters } from './exports/open-writers.ts';
import { excessBlobs, outdatedBlobs, removeBlobs } from './exports/outdated-blobs.ts';
import { retireOriginal } from './exports/retire-original.ts';
import type { ExportsOptions, ExportTasks } from './exports.messages.ts';
import { assertHeld } from './held-directory.ts';
import { workerOptions } from './worker-data.ts';

const { dataDir, directory } = workerOptions<ExportsOptions>();
const ports = {
  dataDir,
  uid: process.getuid?.() ?? 0,
  owner: `${process.pid}-${threadId}`,
  writers: new OpenWriters(process.pid, () => Date.now()),
};

export const capture: ExportTasks['capture'] = (input) => wired(() => take(ports, input));

export const retire: ExportTasks['retire'] = (input) => wired(() => retireOriginal(ports, input));

async function wired<T>(work: () => Promise<T>): Promise<T> {
  try {
    // Not in what lies in the place of a disk that is not mounted any more.
    if (directory) assertHeld(dataDir, directory);
    return await work();
  } catch (error) {
    // A plain object: an Error would lose its code between threads.
    // oxlint-disable-next-line typescript/only-throw-error
    throw failureOf(error).toWire();
  }
}

export const outdated: ExportTasks['outdated'] = ({ beforeMs, limit }) =>
  outdatedBlobs(dataDir, beforeMs, limit);

export const excess: ExportTasks['excess'] = ({ limitBytes, limit }) =>
  excessBlobs(dataDir, limitBytes, limit);

export const sweep: ExportTasks['sweep'] = ({ remove }) => {
  for (const name of namesIn(join(dataDir, EXPORTS_FOLDER)))
    if (name.startsWith(UNFINISHED) && !name.startsWith(`${UNFINISHED}${process.pid}-`))
      rmSync(join(dataDir, EXPORTS_FOLDER, name), { force: true });
  return removeBlobs(dataDir, remove);
};
