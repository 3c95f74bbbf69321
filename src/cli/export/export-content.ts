import { lstatSync, realpathSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import type { ExportRow } from '../../protocol/messages.ts';
import { redacted } from '../../protocol/redaction.ts';
import { plural, showBytes } from '../amounts.ts';
import { readCount, readPath } from '../argument-values.ts';
import { writeAll } from '../cli-io.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { nameNew } from '../new-file.ts';
import { withProgress } from '../progress.ts';
import { exportRowJson } from '../row-json.ts';
import { safeText } from '../safe-text.ts';
import type { StoreThread } from '../store/store-thread.ts';
import { exportPages, keptRow, withContents, withExports } from './export-rows.ts';
import { filterOf, type ListOptions } from './export-list.ts';

const DEFAULT_MATCHES = '100';
const SHOWN_CHARACTERS = 200;

/** `codi export cat`: the content, byte by byte as it was, unless secrets are to be replaced. */
export async function printExport(
  id: string,
  { isRedacted }: { isRedacted: boolean },
  invocation: Invocation,
): Promise<void> {
  const row = await rowOf(id, invocation);
  await withContents(invocation, (thread) =>
    untilInterrupted(invocation, async (signal) => {
      const content = contentOf(thread, row);
      for await (const piece of isRedacted ? redacted(content) : content) {
        if (signal.aborted) return;
        const failure = await writeAll(invocation.out.stream, Buffer.from(piece));
        if (failure !== undefined) return;
      }
    }),
  );
}

/** `codi export restore`: into a new file, which is there in full or not at all. */
export async function restoreExport(
  id: string,
  file: string,
  { mayReplace }: { mayReplace: boolean },
  invocation: Invocation,
): Promise<void> {
  const { globals, out } = invocation;
  const row = await rowOf(id, invocation);
  const target = readPath(file, invocation);
  if (!mayReplace && lstatSync(target, { throwIfNoEntry: false })) throw isThere(target);
  const unfinished = `${target}.unfinished-${row.id}`;
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await withContents(invocation, (thread) =>
      withProgress(invocation, 'restoring', async () => {
        for await (const piece of contentOf(thread, row)) await handle.write(piece);
      }),
    );
    await handle.sync();
    if (mayReplace) await rename(unfinished, target);
    else if (!(await nameNew(unfinished, target))) throw isThere(target);
  } finally {
    await handle.close();
    await rm(unfinished, { force: true });
  }
  if (globals.json) return out.json({ ...exportRowJson(row), restored_to: target });
  await out.line(`${safeText(target)}: ${showBytes(row.size ?? 0)}, verified`);
}

function isThere(target: string): CodiError {
  const hint = 'name another file, or replace it with --force';
  return new CodiError('CODI_USAGE', { reason: `${target} is there already` }, { hint });
}

/** `codi export search`: lines that hold a text, in what was captured; the newest first, each content once. */
export async function searchExports(
  text: string,
  { redact, ...options }: ListOptions & { redact?: boolean },
  invocation: Invocation,
): Promise<void> {
  const { globals, out } = invocation;
  const limit = readCount(options.limit ?? DEFAULT_MATCHES, 'limit');
  const seen = new Set<string>();
  let left = limit;
  await withExports(invocation, (source) =>
    withContents(invocation, (thread) =>
      untilInterrupted(invocation, async (signal) => {
        const { limit: _, ...filter } = options;
        for await (const page of exportPages(source, filterOf(filter, invocation)))
          for (const row of page) {
            if (row.archive_path == null || row.pruned_at != null || seen.has(row.checksum!))
              continue;
            seen.add(row.checksum!);
            const content = contentOf(thread, row);
            const shownContent = redact === true ? redacted(content) : content;
            for await (const { number, line } of matchesIn(shownContent, text)) {
              if (signal.aborted || left-- === 0) return;
              const shown = line.slice(0, SHOWN_CHARACTERS);
              const { id, original_path } = row;
              if (globals.json) await out.json({ id, original_path, line: number, text: shown });
              else await out.line(`${id}:${number}: ${safeText(shown)}`);
            }
          }
      }),
    ),
  );
  if (left === limit) await invocation.note('nothing found');
  if (left < 0) await invocation.note(`there is more than ${plural(limit, 'line')}: see --limit`);
}

async function* matchesIn(content: AsyncIterable<Uint8Array>, text: string) {
  // Never cut inside a character: bytes are compared, as one character each.
  const wanted = Buffer.from(text, 'utf8').toString('latin1');
  const shown = (line: string) => Buffer.from(line, 'latin1').toString('utf8');
  let rest = '';
  let number = 1;
  for await (const piece of content) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      if (line.includes(wanted)) yield { number, line: shown(line) };
      number += 1;
    }
  }
  if (rest.includes(wanted)) yield { number, line: shown(rest) };
}

/** `codi export capture`: takes a file now. */
export async function captureExport(file: string, invocation: Invocation): Promise<void> {
  const { globals, out } = invocation;
  const path = placeOf(readPath(file, invocation));
  const { export: row, is_new } = await invocation.withClient((client) =>
    client.request('CaptureExport', { path }),
  );
  if (globals.json) return out.json({ ...exportRowJson(row), is_new });
  const what = is_new ? 'captured' : 'was captured before';
  await out.line(
    `${safeText(row.original_path)} ${what}: export ${row.id}, ${showBytes(row.size ?? 0)}`,
  );
}

/** Where it really is; a link in its own place is not followed. */
function placeOf(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    throw new CodiError('CODI_NOT_FOUND', { what: `folder ${dirname(path)}` });
  }
}

function rowOf(id: string, invocation: Invocation): Promise<ExportRow> {
  const number = readCount(id, 'id');
  return withExports(invocation, (source) => keptRow(source, number));
}

async function* contentOf(
  thread: StoreThread,
  { checksum }: ExportRow,
): AsyncGenerator<Uint8Array> {
  const id = await thread.call('openContent', { checksum: checksum! });
  for (;;) {
    const piece = await thread.call('readContent', { id });
    if (piece === null) return;
    yield piece;
  }
}
