import { EXIT } from '../../protocol/errors.ts';
import { showBytes, showCount, showDuration } from '../amounts.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { LONG_TIMEOUT_MS } from './store-source.ts';

/** `codi store compact` */
export async function compactStore(isDryRun: boolean, invocation: Invocation): Promise<number> {
  const { globals, out } = invocation;
  const { request_id, ...report } = await invocation.withClient((client) =>
    withProgress(invocation, 'archiving', () =>
      client.request('CompactStore', { dry_run: isDryRun }, { timeoutMs: LONG_TIMEOUT_MS }),
    ),
  );
  if (globals.json) await out.json(report);
  else if (report.segments === 0 && report.rows_removed === 0 && report.files_removed === 0)
    await out.line('nothing is due');
  else {
    const entries = `${showCount(report.entries)} entries (${showBytes(report.bytes)})`;
    const reasons = report.reasons.map(safeText).join(', ');
    if (isDryRun)
      await out.line(`would archive ${entries} in about ${report.segments} segments: ${reasons}`);
    else {
      await out.line(
        `archived ${entries} in ${report.segments} segments (${showBytes(report.file_bytes)}) in ${showDuration(report.duration_ms)}: ${reasons}`,
      );
      if (report.files_removed > 0) await out.line(`deleted ${report.files_removed} old segments`);
    }
  }
  if (report.stopped == null) return EXIT.done;
  await invocation.note(`stopped at ${safeText(report.stopped)}; see \`codi store verify\``);
  return EXIT.degraded;
}
