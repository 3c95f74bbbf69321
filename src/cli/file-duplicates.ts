import type { MonitorClient } from '../client/monitor-client.ts';
import type { DuplicateRow, FileRow } from '../protocol/messages.ts';
import { plural, showBytes, showCount } from './amounts.ts';
import { readCount, readPath, readSize } from './argument-values.ts';
import type { Invocation } from './invocation.ts';
import { collect, filePages } from './pages.ts';
import { withProgress } from './progress.ts';
import { duplicateRowJson } from './row-json.ts';
import { shortChecksum } from './row-lines.ts';
import { safeText } from './safe-text.ts';
import { usageError } from './usage-error.ts';

export interface DuplicateOptions {
  root?: string;
  minSize?: string;
  limit?: string;
}

interface Found {
  /** The largest waste first. */
  groups: DuplicateRow[];
  /** There are others, of less waste. */
  isCut: boolean;
  withChecksum: number;
  withoutChecksum: number;
}

const PAGE_ROWS = 1_000;
const TERMINAL_LIMIT = 50;
/** Groups are sorted, so they are held in memory. */
const MOST_GROUPS = 100_000;
const SHOWN_PATHS = 10;
/** As the daemon counts them. */
const MOST_PATHS = 50_000;
/** Questions for the paths of groups that are under way at a time. */
const AHEAD = 8;

/** `codi files dup`: contents that several files have, those that waste most first. */
export async function listDuplicates(
  options: DuplicateOptions,
  invocation: Invocation,
): Promise<void> {
  const { globals, io } = invocation;
  const isTerminal = io.stdout.isTTY === true && !globals.json;
  const ownLimit = isTerminal ? TERMINAL_LIMIT : MOST_GROUPS;
  const limit = options.limit === undefined ? ownLimit : readCount(options.limit, 'limit');
  if (limit > MOST_GROUPS) throw usageError(`more than ${MOST_GROUPS} groups cannot be sorted`);
  const filter = {
    ...(options.root !== undefined && { root: readPath(options.root, invocation) }),
    ...(options.minSize !== undefined && { min_size: readSize(options.minSize) }),
  };
  await invocation.withClient(async (client) => {
    const found = await findDuplicates(client, filter, limit, invocation);
    await printGroups(client, filter.root, found.groups, invocation);
    await noteFound(found, invocation);
  });
}

/** Looks at all contents and keeps the largest groups. */
async function findDuplicates(
  client: MonitorClient,
  filter: { root?: string; min_size?: number },
  limit: number,
  invocation: Invocation,
): Promise<Found> {
  const found: Found = { groups: [], isCut: false, withChecksum: 0, withoutChecksum: 0 };
  const look = async () => {
    let cursor: string | undefined;
    let least = 0;
    do {
      const page = await client.request('ListDuplicates', {
        ...filter,
        limit: PAGE_ROWS,
        min_wasted: least,
        ...(cursor !== undefined && { cursor }),
      });
      found.withChecksum += page.with_checksum;
      found.withoutChecksum += page.without_checksum;
      found.groups.push(...page.groups);
      if (found.groups.length > limit) {
        keepLargest(found, limit);
        least = found.groups.at(-1)!.wasted_bytes;
      }
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    keepLargest(found, limit);
  };
  await withProgress(invocation, 'looking for equal files', look, () =>
    plural(found.withChecksum + found.withoutChecksum, 'file'),
  );
  return found;
}

function keepLargest(found: Found, limit: number): void {
  found.groups.sort(byWaste);
  found.isCut ||= found.groups.length > limit;
  found.groups.length = Math.min(limit, found.groups.length);
}

function byWaste(left: DuplicateRow, right: DuplicateRow): number {
  const less = right.wasted_bytes - left.wasted_bytes;
  return less === 0 ? (left.checksum < right.checksum ? -1 : 1) : less;
}

async function printGroups(
  client: MonitorClient,
  root: string | undefined,
  groups: readonly DuplicateRow[],
  invocation: Invocation,
): Promise<void> {
  const { json, verbose } = invocation.globals;
  const most = json || verbose ? MOST_PATHS : SHOWN_PATHS;
  const asked: { group: DuplicateRow; paths: Promise<FileRow[]> }[] = [];
  const printFirst = async () => {
    const { group, paths } = asked.shift()!;
    const rows = await paths;
    // Changed since they were counted.
    if (rows.length > 1) await printGroup(group, rows, invocation);
  };
  for (const group of groups) {
    const filter = { checksum: group.checksum, ...(root !== undefined && { root }) };
    const paths = collect(filePages(client, filter, most));
    paths.catch(() => undefined); // whoever waits for it is told
    asked.push({ group, paths });
    if (asked.length === AHEAD) await printFirst();
  }
  while (asked.length > 0) await printFirst();
}

async function printGroup(
  group: DuplicateRow,
  paths: readonly FileRow[],
  { out, globals, style }: Invocation,
): Promise<void> {
  if (globals.json) return out.json(duplicateRowJson(group, paths));
  const { size, copies, names, wasted_bytes: wasted, checksum, at_least: isPart } = group;
  const linked = !isPart && names > copies ? `, ${showCount(names)} names` : '';
  const amount = `${isPart ? 'at least ' : ''}${plural(copies, 'copy', 'copies')}${linked}`;
  const head = `${showBytes(wasted)} wasted: ${amount} of ${showBytes(size)}`;
  await out.line(`${style.bold(head)}  ${style.dim(shortChecksum(checksum))}`);
  for (const { root, path } of paths)
    await out.line(`  ${safeText(path === '' ? root : `${root}/${path}`)}`);
  const rest = names - paths.length;
  if (rest > 0) await out.line(style.dim(`  and ${showCount(rest)} more`));
}

async function noteFound(found: Found, invocation: Invocation): Promise<void> {
  const { groups, isCut, withChecksum, withoutChecksum } = found;
  if (withChecksum === 0) {
    const hint = 'set monitor.checksum = "sha256" and restart the daemon';
    return invocation.note(
      withoutChecksum === 0
        ? 'no files are known here'
        : `none of ${plural(withoutChecksum, 'file')} has a checksum: ${hint}`,
    );
  }
  const { globals, style } = invocation;
  if (groups.length === 0) await invocation.note('no equal files');
  else if (!globals.json) {
    const wasted = groups.reduce((sum, group) => sum + group.wasted_bytes, 0);
    const which = `${isCut ? 'the largest ' : ''}${plural(groups.length, 'group')}`;
    const more = isCut ? '; see more with --limit' : '';
    await invocation.note(style.dim(`${which}, ${showBytes(wasted)} wasted${more}`));
  }
  if (withoutChecksum > 0)
    await invocation.note(
      `${plural(withoutChecksum, 'file')} ${withoutChecksum === 1 ? 'has' : 'have'} no checksum yet`,
    );
}
