import { createHash } from 'node:crypto';
import { isCodiError } from '../../protocol/errors.ts';
import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';
import { EXPORT_ORIGINAL_ACTS, type OriginalOutcome } from '../../protocol/export-words.ts';
import type {
  FileIdentity,
  FoundExport,
  RetireResult,
} from '../../workers/storage/exports.messages.ts';
import type { Candidate } from './candidates.ts';
import type { ExportsPorts } from './export-ports.ts';
import type { ExportThreads } from './export-threads.ts';
import type { KeptVersion } from './last-version.ts';

type RetirementPorts = Pick<ExportsPorts, 'reader' | 'recordAct' | 'telemetry'> & {
  policy: ExportsPorts['settings']['originals'];
  threads: Pick<ExportThreads, 'run'>;
};

const ID_BYTES = 16;

/**
 * Moves or deletes originals, where the configuration says so. What was done is an act in the ledger; until it is, the
 * place in the events does not pass the file, so that whatever ends it is made up for.
 */
export class OriginalRetirement {
  readonly #ports: RetirementPorts;

  constructor(ports: RetirementPorts) {
    this.#ports = ports;
  }

  /** Whether anything is to become of this file: never of a transcript, nor of what was moved already. */
  concerns({ kind, path }: Pick<Candidate, 'kind' | 'path'>): boolean {
    const { policy } = this.#ports;
    if (policy === 'keep' || kind !== 'export') return false;
    return policy === 'delete' || !this.#isMovedTo(path);
  }

  /** What was moved by us is still to be said of the name that it had. */
  seen(found: FoundExport): FoundExport {
    return found.from !== null && this.#isMovedTo(found.path) ? { ...found, from: null } : found;
  }

  #isMovedTo(path: BytePath): boolean {
    const { policy } = this.#ports;
    return typeof policy === 'object' && path.startsWith(`${policy.moveTo}/`);
  }

  /** False: it is to be tried again; the last time what failed is recorded, and the original stays. */
  async retire(
    { path, root }: Pick<Candidate, 'path' | 'root'>,
    kept: KeptVersion,
    { isLast }: { isLast: boolean },
  ): Promise<boolean> {
    const { policy, threads, telemetry } = this.#ports;
    const moveTo = typeof policy === 'object' ? policy.moveTo : null;
    try {
      const result = await threads.run('retire', { path, root, ...kept, moveTo });
      // Another file has its place: that is looked at by itself.
      return result.outcome === 'changed' || (await this.#record(path, kept, result));
    } catch (error) {
      if (!isCodiError(error)) throw error;
      const { reason: why } = error.details;
      const reason = typeof why === 'string' ? why : error.message;
      telemetry.emit('ExportOriginalRetried', { reason });
      return isLast && (await this.#record(path, kept, { outcome: 'kept', reason }));
    }
  }

  async #record(
    path: BytePath,
    { identity }: KeptVersion,
    result: Exclude<RetireResult, { outcome: 'changed' }> | { outcome: 'kept'; reason: string },
  ): Promise<boolean> {
    const { reader, recordAct, telemetry } = this.#ports;
    const { outcome } = result;
    const last = await reader.last(path);
    const subject = `export:${last?.id ?? 0}`;
    const isRecorded = recordAct({
      id: actId(subject, outcome, identity),
      kind: EXPORT_ORIGINAL_ACTS[outcome],
      subject,
      data: {
        ...showBytePath(path),
        ...('to' in result && { to: showBytePath(result.to).path }),
        ...('reason' in result && { reason: result.reason }),
      },
    });
    if (!isRecorded) return false;
    telemetry.emit('ExportOriginal', {
      outcome,
      ...('reason' in result && { reason: result.reason }),
    });
    return true;
  }
}

/** The same for the same file, whoever tells of it again: one that was deleted is gone for the next. */
function actId(subject: string, outcome: OriginalOutcome, identity: FileIdentity): Buffer {
  const { dev, ino, size, mtimeNs } = identity;
  const text = `original ${outcome === 'kept' ? 'kept' : 'left'} ${subject} ${dev} ${ino} ${size} ${mtimeNs}`;
  return createHash('sha256').update(text).digest().subarray(0, ID_BYTES);
}
