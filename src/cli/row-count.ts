import type { BodyOf } from '../protocol/messages.ts';
import { showCount, showLargeCount } from './amounts.ts';
import { readChoice } from './argument-values.ts';
import type { Invocation } from './invocation.ts';
import { withProgress } from './progress.ts';
import { noteArchive } from './row-notes.ts';
import type { DamagedFile, RowSource } from './row-source.ts';

type LogFilter = BodyOf<'QueryLogs'>['filter'];

/** Prints how many entries match: counted, or about how many without looking at them all. */
export async function printLogCount(
  invocation: Invocation,
  source: RowSource,
  filter: LogFilter,
  how: string | true,
  withArchive: boolean,
): Promise<number> {
  const choice = how === true ? 'exact' : readChoice(how, ['exact', 'estimate'], 'a way to count');
  const asked = { filter, limit: 1, ...(withArchive && { include_archived: true }) };
  const { total, is, ...archive } =
    choice === 'exact' ? await countAll(invocation, source, asked) : await estimate(source, asked);
  const { out, globals } = invocation;
  if (globals.json) await out.json({ total, total_is: is });
  else await out.line(is === 'exact' ? showCount(total) : `about ${showLargeCount(total)}`);
  return noteArchive(invocation, 'entries', archive);
}

type Asked = Pick<BodyOf<'QueryLogs'>, 'filter' | 'limit' | 'include_archived'>;

interface Counted {
  total: number;
  is: 'exact' | 'estimate';
  reachesArchive: boolean;
  damaged: DamagedFile[];
}

async function estimate(source: RowSource, asked: Asked): Promise<Counted> {
  const answer = await source.request('QueryLogs', { ...asked, count: 'estimate' });
  const is = answer.total_is === 'exact' ? ('exact' as const) : ('estimate' as const);
  return { total: answer.total_count, is, reachesArchive: false, damaged: [] };
}

/** The daemon counts for a moment at a time; the cursor of one answer begins the next. */
async function countAll(invocation: Invocation, source: RowSource, asked: Asked): Promise<Counted> {
  const damaged = new Map<string, DamagedFile>();
  const counted = { total: 0, is: 'exact' as const, reachesArchive: false };
  const count = async () => {
    let cursor: string | null | undefined;
    do {
      const part = { ...asked, count: 'only' as const, ...(cursor != null && { cursor }) };
      const answer = await source.request('QueryLogs', part);
      counted.total += answer.total_count;
      counted.reachesArchive ||= (answer.archived ?? 0) > 0;
      for (const one of answer.damaged ?? []) damaged.set(one.file, one);
      cursor = answer.next;
    } while (cursor != null);
  };
  await withProgress(invocation, 'counting', count, () => showCount(counted.total));
  return { ...counted, damaged: [...damaged.values()] };
}
