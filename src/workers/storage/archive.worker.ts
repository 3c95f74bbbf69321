/**
 * Tasks of the archive pool, one export each (see ArchiveTasks). They read the ledger with short statements
 * and write files in `archive/`; what changes the ledger is the ledger thread's.
 */
import { join } from 'node:path';
import type { ArchiveOptions, ArchiveTasks } from './archive.messages.ts';
import { sweepFiles, writeSegment as write } from './archive/archive-files.ts';
import { describeSpan, LiveBlocks, unlessDamaged } from './archive/live-blocks.ts';
import { releaseReserve as release, reserveDisk as reserve } from './archive/reserve-file.ts';
import { planSegment, readSpace } from './archive/plan-segment.ts';
import { readSegments } from './archive/segment-table.ts';
import { StoreTasks, taskFailure } from './archive/store-tasks.ts';
import { assertHeld } from './held-directory.ts';
import { openForReading, type SqliteDatabase } from './open-database.ts';
import { workerOptions } from './worker-data.ts';

const { dataDir, directory } = workerOptions<ArchiveOptions>();
const store = new StoreTasks(dataDir);

export const plan: ArchiveTasks['plan'] = (input) =>
  task((database) => planSegment(database, input));

export const writeSegment: ArchiveTasks['writeSegment'] = ({ nowMs, ...blocks }) =>
  task((database) => unlessDamaged(() => write(database, dataDir, blocks, nowMs)));

export const describe: ArchiveTasks['describe'] = ({ nowMs, ...blocks }) =>
  task((database) => unlessDamaged(() => describeSpan(new LiveBlocks(database), blocks, nowMs)));

export const segments: ArchiveTasks['segments'] = () => task(readSegments);

export const space: ArchiveTasks['space'] = () => task(readSpace);

export const sweep: ArchiveTasks['sweep'] = () =>
  task((database) => sweepFiles(dataDir, readSegments(database)));

export const reserveDisk: ArchiveTasks['reserveDisk'] = ({ bytes }) =>
  told(() => {
    // Not in what lies in the place of a disk that is not mounted any more.
    if (directory) assertHeld(dataDir, directory);
    reserve(dataDir, bytes);
  });

export const releaseReserve: ArchiveTasks['releaseReserve'] = () => told(() => release(dataDir));

export const stats: ArchiveTasks['stats'] = () => told(() => store.stats());

export const backup: ArchiveTasks['backup'] = ({ target, nowMs }) =>
  store.backup(target, nowMs).catch((error: unknown) => {
    // A plain object, as in told().
    // oxlint-disable-next-line typescript/only-throw-error
    throw taskFailure(error, dataDir).toWire();
  });

/** A connection for each task: they are rare, and an open one keeps nothing from anybody. */
function task<Result>(work: (database: SqliteDatabase) => Result): Result {
  return told(() => {
    const database = openForReading(join(dataDir, 'ledger.db'), 'ledger');
    try {
      return work(database);
    } finally {
      database.close();
    }
  });
}

function told<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    // A plain object: an Error would lose its code between threads.
    // oxlint-disable-next-line typescript/only-throw-error
    throw taskFailure(error, dataDir).toWire();
  }
}
