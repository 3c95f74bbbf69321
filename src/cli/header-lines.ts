import type { MessageHeaderView } from '../protocol/debug/actor-views.ts';
import { showFineDuration } from './amounts.ts';
import { showClockMs } from './clock-text.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';

const COLUMNS = [
  { title: 'AT' },
  { title: 'EPOCH', align: 'right' as const },
  { title: 'WAITED', align: 'right' as const },
  { title: 'TOOK', align: 'right' as const },
  { title: 'OUTCOME' },
  { title: 'MESSAGE' },
];

/** The last messages of an actor, newest last; their payloads are not kept. */
export function headerLines(headers: readonly MessageHeaderView[], style: Style): string[] {
  const rows = headers.map((header) => [
    showClockMs(header.at),
    String(header.epoch),
    showFineDuration(header.wait_ms),
    showFineDuration(header.handle_ms),
    header.outcome,
    safeText(header.type),
  ]);
  const [heading = '', ...lines] = tableLines(COLUMNS, rows, style.dim);
  const painted = lines.map((line, index) =>
    headers[index]?.outcome === 'crashed' ? style.red(line) : line,
  );
  return [heading, ...painted];
}
