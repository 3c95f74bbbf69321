import type { BodyOf } from '../protocol/messages.ts';
import { showCount, showLargeCount } from './amounts.ts';
import { readChoice } from './argument-values.ts';
import type { Invocation } from './invocation.ts';
import { withProgress } from './progress.ts';
import type { RowSource } from './row-source.ts';

type LogFilter = BodyOf<'QueryLogs'>['filter'];

/** Prints how many entries match: counted, or about how many without looking at them all. */
export async function printLogCount(
  invocation: Invocation,
  source: RowSource,
  filter: LogFilter,
  how: string | true,
): Promise<void> {
  const choice = how === true ? 'exact' : readChoice(how, ['exact', 'estimate'], 'a way to count');
  const { total, is } =
    choice === 'exact'
      ? { total: await countAll(invocation, source, filter), is: 'exact' as const }
      : await estimate(source, filter);
  const { out, globals } = invocation;
  if (globals.json) return out.json({ total, total_is: is });
  await out.line(is === 'exact' ? showCount(total) : `about ${showLargeCount(total)}`);
}

async function estimate(source: RowSource, filter: LogFilter) {
  const answer = await source.request('QueryLogs', { filter, limit: 1, count: 'estimate' });
  const is = answer.total_is === 'exact' ? ('exact' as const) : ('estimate' as const);
  return { total: answer.total_count, is };
}

/** The daemon counts for a moment at a time; the cursor of one answer begins the next. */
function countAll(invocation: Invocation, source: RowSource, filter: LogFilter): Promise<number> {
  let total = 0;
  const count = async () => {
    let cursor: string | null | undefined;
    do {
      const part = { filter, limit: 1, count: 'only' as const, ...(cursor != null && { cursor }) };
      const answer = await source.request('QueryLogs', part);
      total += answer.total_count;
      cursor = answer.next;
    } while (cursor != null);
    return total;
  };
  return withProgress(invocation, 'counting', count, () => showCount(total));
}
