import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { contentText } from './backup.ts';
import { withStoreThread } from './store-source.ts';

/** `codi store restore <folder>` */
export async function restoreStore(
  directory: string,
  { mayReplace }: { mayReplace: boolean },
  invocation: Invocation,
): Promise<void> {
  const { globals, out, io } = invocation;
  const { dataDir, auditKeyFile } = await invocation.endpoint();
  const { backup, aside } = await withProgress(invocation, 'copying and verifying', () =>
    withStoreThread(invocation, (thread) =>
      thread.call('restore', { directory, mayReplace, nowMs: io.nowMs(), auditKeyFile }),
    ),
  );
  if (globals.json)
    return out.json({ ...backup, data_dir: dataDir, ...(aside !== undefined && { aside }) });
  await out.line(`${contentText(backup, io.nowMs())} verified, are in ${safeText(dataDir)}`);
  if (aside !== undefined) await out.line(`what was there is in ${safeText(aside)}`);
}
