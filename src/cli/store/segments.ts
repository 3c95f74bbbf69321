import { showBytes, showCount } from '../amounts.ts';
import { showClock } from '../clock-text.ts';
import type { Invocation } from '../invocation.ts';
import { tableLines } from '../table.ts';
import { withStoreThread } from './store-source.ts';

/** `codi store ls` */
export async function listSegments(invocation: Invocation): Promise<void> {
  const { globals, out, style, io } = invocation;
  const segments = await withStoreThread(invocation, (thread) => thread.call('segments', {}));
  if (globals.json) {
    for (const { parts, damaged, logs, file_events, ...segment } of segments)
      await out.json({
        ...segment,
        ...(logs && { logs: [...logs] }),
        ...(file_events && { file_events: [...file_events] }),
        parts: parts.length,
        ...(damaged !== null && { damaged }),
      });
    return;
  }
  if (segments.length === 0) return invocation.note('no segments');
  const clock = (ms: number) => showClock(new Date(ms).toISOString(), io.nowMs());
  const rows = segments.map((segment) =>
    segment.damaged === null
      ? [
          segment.file,
          showCount(segment.entries),
          showBytes(segment.bytes),
          clock(segment.first_committed_ms),
          clock(segment.last_committed_ms),
        ]
      : [segment.file, '-', showBytes(segment.bytes), style.red('damaged'), segment.damaged],
  );
  const columns = [
    { title: 'SEGMENT' },
    { title: 'ENTRIES', align: 'right' as const },
    { title: 'SIZE', align: 'right' as const },
    { title: 'FROM' },
    { title: 'TO' },
  ];
  await out.lines(tableLines(columns, rows, style.dim));
}
