import { resolve } from 'node:path';
import { NEW_KEY_VARIABLE, readEncryptionKey } from '../../config/encryption-key.ts';
import { CodiError } from '../../protocol/errors.ts';
import { showCount } from '../amounts.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { withStoreThread } from './store-source.ts';

/** `codi store rekey` */
export async function rekeyStore(
  { newKeyFile, isDecrypting }: { newKeyFile: string | undefined; isDecrypting: boolean },
  invocation: Invocation,
): Promise<void> {
  const { globals, io, out } = invocation;
  const newKey = readEncryptionKey({
    file: newKeyFile === undefined ? undefined : resolve(io.cwd, newKeyFile),
    text: io.env[NEW_KEY_VARIABLE],
    uid: io.uid,
  });
  if (newKey && isDecrypting)
    throw new CodiError('CODI_USAGE', { reason: '--decrypt takes no new key' });
  const { dataDir } = await invocation.endpoint();
  const report = await withProgress(invocation, 'writing it anew and verifying', () =>
    withStoreThread(invocation, (thread) =>
      thread.call('rekey', { ...(newKey && { newKey }), isDecrypting, nowMs: io.nowMs() }),
    ),
  );
  if (globals.json) return out.json({ data_dir: dataDir, ...report });
  const state = report.to === undefined ? 'not encrypted' : `encrypted with key ${report.to}`;
  if (!report.is_changed) return out.line(`it is ${state} already`);
  const content = `${showCount(report.blocks)} blocks and ${showCount(report.segments)} segments`;
  await out.line(`${content}, verified, are in ${safeText(dataDir)}, ${state}`);
  if (newKey) await invocation.note('now set the new key: storage.encryption_key_file');
  else if (isDecrypting)
    await invocation.note('now leave out the key: storage.encryption_key_file');
}
