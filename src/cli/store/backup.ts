import type { BodyOf } from '../../protocol/messages.ts';
import { showBytes, showCount } from '../amounts.ts';
import { showClock } from '../clock-text.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { LONG_TIMEOUT_MS, withDaemonOrFiles } from './store-source.ts';

/** `codi store backup <folder>` */
export async function backUpStore(directory: string, invocation: Invocation): Promise<void> {
  const { globals, out, io } = invocation;
  const made = await withProgress(invocation, 'copying and verifying', () =>
    withDaemonOrFiles(invocation, {
      daemon: (client) =>
        client.request('BackUpStore', { directory }, { timeoutMs: LONG_TIMEOUT_MS }),
      files: (thread) => thread.call('backup', { directory, nowMs: io.nowMs() }),
    }),
  );
  const { request_id, ...facts } = made;
  if (globals.json) return out.json(facts);
  await out.line(`${contentText(made, io.nowMs())} in ${safeText(directory)}, verified`);
}

/** What a backup holds, in one line. */
export function contentText(
  { ledger, segments, segment_bytes: bytes }: BodyOf<'StoreBackedUp'>,
  nowMs: number,
): string {
  const last = ledger.last_commit_at ? showClock(ledger.last_commit_at, nowMs) : 'nothing yet';
  const blocks = `${showCount(ledger.blocks)} blocks (to ${last}), ${showBytes(ledger.bytes)}`;
  return `${blocks}, and ${segments} segments, ${showBytes(bytes)},`;
}
