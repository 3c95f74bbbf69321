import { basename, resolve } from 'node:path';
import { MonitorClient } from '../../client/monitor-client.ts';
import { EXIT } from '../../protocol/errors.ts';
import { showBytes, showCount, showDuration } from '../amounts.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { usageError } from '../usage-error.ts';
import { tallyLines, unreadableLine } from './import-lines.ts';
import { ImportRun } from './import-run.ts';
import type { ImportPorts, LedgerPorts } from './import-run.ts';
import { LinesFile } from './lines-file.ts';
import { openLog, openStream } from './open-log.ts';
import type { OpenLog } from './open-log.ts';
import { SplitFolder } from './split-folder.ts';
import { SPLIT_FILES, splitRow, UNREADABLE_FILE, unreadableRow } from './split-rows.ts';

export interface ImportOptions {
  as?: string;
  dryRun?: boolean;
  split?: string;
  report?: string;
  strict?: boolean;
}

/** Files beside the ledger that an import writes. */
interface SideFiles {
  split: SplitFolder | undefined;
  report: LinesFile | undefined;
}

/** Unreadable places of a log that are shown; --report has them all. */
const SHOWN_LIMIT = 5;
const STANDARD_INPUT = '-';
/** A daemon that restarts is back long before. */
const DEADLINE_MS = 60_000;

/** `codi import <file…>`; gives the exit code. */
export async function importLogs(
  files: readonly string[],
  options: ImportOptions,
  invocation: Invocation,
): Promise<number> {
  if (options.as !== undefined && files.length > 1) {
    throw usageError('--as names one log', 'import the logs one by one');
  }
  return untilInterrupted(invocation, (signal) =>
    withLedger(options, invocation, (ledger) =>
      withSideFiles(options, invocation, async (side) => {
        let unreadable = 0;
        for (const file of files) {
          if (signal.aborted) break;
          unreadable += await importOne(file, { options, invocation, ledger, side, signal });
        }
        if (signal.aborted) return interrupted(options, invocation);
        return options.strict === true && unreadable > 0 ? EXIT.degraded : EXIT.done;
      }),
    ),
  );
}

interface Surroundings extends Pick<ImportPorts, 'ledger' | 'signal'> {
  options: ImportOptions;
  invocation: Invocation;
  side: SideFiles;
}

/** Imports one log and prints what became of it; gives how many places could not be read. */
async function importOne(file: string, around: Surroundings): Promise<number> {
  const { options, invocation, side } = around;
  const path = file === STANDARD_INPUT ? 'standard input' : file;
  const log = await open(file, invocation);
  const { ledger, signal } = around;
  const run: ImportRun = new ImportRun(log, path, options.as ?? '', {
    nowMs: () => invocation.io.nowMs(),
    ledger,
    signal,
    onRecord: (entry, object) => side.split?.add(SPLIT_FILES[entry.kind], splitRow(entry, object)),
    onUnreadable: async (event) => {
      const row = unreadableRow(path, event);
      await side.report?.add(row);
      await side.split?.add(UNREADABLE_FILE, row);
      const isShown = !invocation.globals.json && run.tally.unreadable <= SHOWN_LIMIT;
      if (isShown) await invocation.note(unreadableLine(path, event));
    },
  });
  const startMs = invocation.io.nowMs();
  const detail = () => progressText(run, invocation.io.nowMs() - startMs);
  try {
    await withProgress(invocation, `importing ${basename(path)}`, () => run.run(), detail);
  } finally {
    await print(run, options, invocation);
  }
  return run.tally.unreadable;
}

async function print(run: ImportRun, options: ImportOptions, invocation: Invocation) {
  const { tally } = run;
  const isDryRun = options.dryRun === true;
  if (invocation.globals.json) return invocation.out.json({ ...tally, dry_run: isDryRun });
  const hidden = tally.unreadable - SHOWN_LIMIT;
  if (hidden > 0) await invocation.note(`and ${showCount(hidden)} more; --report FILE lists them`);
  if (!invocation.globals.quiet) await invocation.out.lines(tallyLines(tally, { isDryRun }));
}

function open(file: string, invocation: Invocation): Promise<OpenLog> {
  if (file !== STANDARD_INPUT) return openLog(resolve(invocation.io.cwd, file));
  return Promise.resolve(openStream(invocation.io.stdin, file));
}

/** `42 %, 1,204,000 entries, 98,000/s, about 12 s left`. */
function progressText({ log, imported }: ImportRun, elapsedMs: number): string {
  const perSecond = (imported * 1000) / Math.max(1, elapsedMs);
  const entries = [`${showCount(imported)} entries`, `${showCount(perSecond)}/s`];
  const { totalBytes, readBytes } = log;
  if (!totalBytes || readBytes === 0) return [showBytes(readBytes), ...entries].join(', ');
  const share = Math.min(1, readBytes / totalBytes);
  const leftMs = (elapsedMs * (1 - share)) / share;
  const left = `about ${showDuration(leftMs)} left`;
  return [`${Math.floor(share * 100)} %`, ...entries, left].join(', ');
}

async function interrupted(options: ImportOptions, invocation: Invocation): Promise<number> {
  const what = options.dryRun === true ? '' : ': what was read is on disk';
  await invocation.note(`interrupted${what}; the same command goes on from there`);
  return EXIT.tryAgain;
}

async function withLedger<T>(
  options: ImportOptions,
  invocation: Invocation,
  use: (ledger: LedgerPorts | undefined) => Promise<T>,
): Promise<T> {
  if (options.dryRun === true) return use(undefined);
  const { socketPath, identity } = await invocation.endpoint();
  const common = { socketPath, clientName: 'codi import', deadlineMs: DEADLINE_MS };
  // Not in the session of whoever imports: records have their own, or none.
  const connect: LedgerPorts['connect'] = (producerId, owner) => {
    const tenantId = owner.tenantId ?? identity.tenantId;
    const userId = owner.userId ?? identity.userId;
    return MonitorClient.connect({
      ...common,
      producerId,
      ...(tenantId !== undefined && { tenantId }),
      ...(userId !== undefined && { userId }),
    });
  };
  const desk = await MonitorClient.connect(common);
  try {
    return await use({ desk, connect });
  } finally {
    await desk.close();
  }
}

/** The files are put in their places at the end, also of an import that was interrupted; not when it failed. */
async function withSideFiles<T>(
  { split, report }: ImportOptions,
  { io }: Invocation,
  use: (side: SideFiles) => Promise<T>,
): Promise<T> {
  const side: SideFiles = { split: undefined, report: undefined };
  try {
    if (split !== undefined) side.split = await SplitFolder.create(resolve(io.cwd, split));
    if (report !== undefined) side.report = await LinesFile.create(resolve(io.cwd, report));
    const result = await use(side);
    await side.split?.finish();
    await side.report?.finish();
    return result;
  } catch (error) {
    await side.split?.discard();
    await side.report?.discard();
    throw error;
  }
}
