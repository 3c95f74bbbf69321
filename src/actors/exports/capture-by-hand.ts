import type { BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { ExportRecord } from '../../workers/storage/ledger.messages.ts';
import type { CapturedByHand } from './export-desk.ts';
import type { ExportsPorts } from './export-ports.ts';
import { recordOf } from './export-record.ts';
import { sessionOf } from './export-session.ts';
import type { ExportThreads } from './export-threads.ts';
import { versionInput } from './last-version.ts';

interface HandPorts extends Pick<ExportsPorts, 'reader' | 'sessionOf' | 'settings'> {
  threads: ExportThreads;
  commit(record: ExportRecord): Promise<void>;
  nowMs(): number;
}

/** A file that somebody names is captured as it is, whatever its name; its original stays. */
export async function captureByHand(ports: HandPorts, path: BytePath): Promise<CapturedByHand> {
  const { reader, threads } = ports;
  const last = await reader.last(path);
  const input = {
    ...versionInput(ports.settings, path, last),
    root: null,
    expected: null,
    isSnapshot: true,
  };
  const result = await threads.run('capture', input);
  if (result.state === 'unsettled')
    throw new CodiError('CODI_TRY_AGAIN', { reason: 'the file is being written' });
  if (result.state !== 'unchanged') {
    if ('code' in result) throw new CodiError(result.code);
    const nowMs = ports.nowMs();
    const session = await sessionOf(ports, result, { path, nowMs });
    await ports.commit(recordOf(result, { path, kind: 'export', seq: 0, nowMs, session }));
  }
  const row = await reader.row(path);
  if (!row) throw new CodiError('CODI_TRY_AGAIN', { reason: 'the row cannot be read yet' });
  return { row, isNew: result.state !== 'unchanged' };
}
