import type { BytePath } from '../../protocol/byte-path.ts';
import { isCodiError } from '../../protocol/errors.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import type { ExportsPorts } from './export-ports.ts';
import type { Recordable } from './export-record.ts';

/** Whose work it is, by when the file was written. An export without its session is better than none. */
export async function sessionOf(
  ports: Pick<ExportsPorts, 'sessionOf'>,
  { identity }: Recordable,
  { path, nowMs }: { path: BytePath; nowMs: number },
): Promise<RecordSession | null> {
  const timeMs = identity ? Number(identity.mtimeNs / 1_000_000n) : nowMs;
  try {
    return (await ports.sessionOf({ path, timeMs })) ?? null;
  } catch (error) {
    if (!isCodiError(error)) throw error;
    return null;
  }
}
