import { EXIT } from '../../protocol/errors.ts';
import { plural } from '../amounts.ts';
import { readCount } from '../argument-values.ts';
import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { exportPages, withContents, withExports } from './export-rows.ts';

/** What came of reading contents again. */
export interface ExportCheck {
  /** All were read, and are what was captured. */
  ok: boolean;
  checked: number;
  findings: { checksum: string; id: number; reason: string }[];
}

/** `codi export verify`: every content is read and hashed again. */
export async function verifyExports(ids: readonly string[], invocation: Invocation) {
  const { globals, out } = invocation;
  const check = await checkExports(ids, invocation);
  if (globals.json) await out.json({ ...check });
  else await out.lines(checkLines(check));
  return check.ok ? EXIT.done : EXIT.degraded;
}

/** Of the rows with these numbers, or of all. */
export async function checkExports(
  ids: readonly string[],
  invocation: Invocation,
): Promise<ExportCheck> {
  const contents = await keptContents(ids, invocation);
  const findings: ExportCheck['findings'] = [];
  let checked = 0;
  const detail = () => `${checked} of ${contents.size}`;
  await withContents(invocation, (thread) =>
    untilInterrupted(invocation, (signal) =>
      withProgress(
        invocation,
        'verifying exports',
        async () => {
          for (const [checksum, id] of contents) {
            if (signal.aborted) return;
            const reason = await thread.call('checkContent', { checksum });
            if (reason !== null) findings.push({ checksum, id, reason });
            checked += 1;
          }
        },
        detail,
      ),
    ),
  );
  return { ok: findings.length === 0 && checked === contents.size, checked, findings };
}

export function checkLines({ checked, findings }: ExportCheck): string[] {
  return [
    ...findings.map(({ id, reason }) => `export ${id} is damaged: ${safeText(reason)}`),
    `verified ${plural(checked, 'content')}`,
  ];
}

/** Whether anything is kept at all. */
export function hasContents(invocation: Invocation): Promise<boolean> {
  return withExports(invocation, async (source) => {
    for await (const page of exportPages(source, {}))
      if (page.some(({ archive_path, pruned_at }) => archive_path != null && pruned_at == null))
        return true;
    return false;
  });
}

/** Each content with the number of its newest row. */
function keptContents(
  ids: readonly string[],
  invocation: Invocation,
): Promise<Map<string, number>> {
  const filters = ids.length > 0 ? ids.map((id) => ({ id: readCount(id, 'id') })) : [{}];
  return withExports(invocation, async (source) => {
    const contents = new Map<string, number>();
    for (const filter of filters)
      for await (const page of exportPages(source, filter, { order: 'oldest' }))
        for (const row of page)
          if (row.archive_path != null && row.checksum != null && row.pruned_at == null)
            contents.set(row.checksum, row.id);
    return contents;
  });
}
