import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { storeKey } from '../cipher/store-key.ts';
import type { CaptureInput, CaptureResult } from '../exports.messages.ts';
import { chainOf, findBlob } from './blob-files.ts';
import { problemOf } from './blob-reader.ts';
import { BlobWriter, PART_BYTES } from './blob-writer.ts';
import { identityOf, isSameFile, openOriginal, type OpenOriginal } from './open-original.ts';
import type { OpenWriters } from './open-writers.ts';
import { SecretScan } from './secret-scan.ts';

export interface CapturePorts {
  dataDir: string;
  uid: number;
  /** Tells the unfinished files of threads apart. */
  owner: string;
  writers: OpenWriters;
}

/** The version whose content the file begins with, as far as that was seen. */
interface Base {
  checksum: string;
  size: number;
}

/** What a pass over the file gave; without a writer nothing new is to be stored. */
interface Copy {
  size: number;
  checksum: string;
  base: Base | null;
  writer: BlobWriter;
  secrets: SecretScan;
}

/**
 * Takes a file into `exports/`: checked, copied, hashed and on the disk, in that order; what changed meanwhile is
 * given up. The file itself is only read.
 */
export async function capture(ports: CapturePorts, input: CaptureInput): Promise<CaptureResult> {
  const opened = openOriginal({ ...input, uid: ports.uid });
  if ('state' in opened) return opened;
  try {
    return await captureOpened(ports, input, opened);
  } finally {
    closeSync(opened.fd);
  }
}

async function captureOpened(
  ports: CapturePorts,
  input: CaptureInput,
  original: OpenOriginal,
): Promise<CaptureResult> {
  const { identity } = original;
  const { expected, isSnapshot } = input;
  if (!isSnapshot) {
    if (expected && !isSameFile(expected, identity))
      return { state: 'unsettled', identity, isOpen: false };
    if (ports.writers.has(identity)) return { state: 'unsettled', identity, isOpen: true };
  }
  if (identity.size === 0) return { state: 'empty', identity, code: 'CODI_EXPORT_EMPTY' };
  const copy =
    copyFrom(ports, input, original, baseOf(ports, input, identity.size)) ??
    copyFrom(ports, input, original, null)!;
  try {
    return await judged(ports, input, original, copy);
  } finally {
    copy.writer.discard();
  }
}

/** The version before this one, when the file can go on from it and not too many others do. */
function baseOf({ dataDir }: CapturePorts, input: CaptureInput, size: number): Base | null {
  const { previous, versionChainCount } = input;
  if (previous?.checksum == null || previous.size === null || previous.size > size) return null;
  const chain = chainOf(dataDir, previous.checksum);
  if (!chain || chain.length > versionChainCount) return null;
  return { checksum: previous.checksum, size: previous.size };
}

/** Undefined: the file does not begin with that version. */
function copyFrom(
  { dataDir, owner }: CapturePorts,
  { isSnapshot, previous, sizeLimitBytes }: CaptureInput,
  { fd, identity }: OpenOriginal,
  base: Base | null,
): Copy | undefined {
  const writer = new BlobWriter(dataDir, owner, storeKey());
  try {
    const hash = createHash('sha256');
    const secrets = new SecretScan(base ? previous?.secrets : {});
    // A snapshot is what was there when it was opened; else all of it, also what came meanwhile.
    const end = isSnapshot ? identity.size : sizeLimitBytes + 1;
    const buffer = Buffer.allocUnsafe(PART_BYTES);
    let size = 0;
    const skipped = base?.size ?? 0;
    while (size < end) {
      const until = size < skipped ? skipped : end;
      const count = readSync(fd, buffer, 0, Math.min(PART_BYTES, until - size), size);
      if (count === 0) break;
      const bytes = buffer.subarray(0, count);
      hash.update(bytes);
      if (size < skipped) secrets.skip(bytes);
      else {
        writer.add(bytes);
        secrets.add(bytes);
      }
      size += count;
      if (size === skipped && hash.copy().digest('hex') !== base?.checksum) break;
    }
    const isOther =
      base && (size < skipped || (size === skipped && hash.copy().digest('hex') !== base.checksum));
    if (!isOther) return { size, checksum: hash.digest('hex'), base, writer, secrets };
  } catch (error) {
    writer.discard();
    throw error;
  }
  writer.discard();
  return undefined;
}

async function judged(
  { dataDir }: CapturePorts,
  { isSnapshot, previous }: CaptureInput,
  { fd, identity }: OpenOriginal,
  { size, checksum, base, writer, secrets }: Copy,
): Promise<CaptureResult> {
  const now = identityOf(fstatSync(fd, { bigint: true }));
  const isTorn = isSnapshot
    ? size !== identity.size
    : !isSameFile(now, identity) || size !== identity.size;
  if (isTorn) return { state: 'unsettled', identity: now, isOpen: false };
  const stored = findBlob(dataDir, checksum);
  const isStored =
    stored !== undefined && (await problemOf(dataDir, checksum, storeKey())) === undefined;
  if (isStored && previous?.checksum === checksum) return { state: 'unchanged', identity };
  const facts = { identity, size, checksum, secrets: secrets.counts };
  if (isStored) {
    touch(join(dataDir, stored.archivePath));
    return {
      ...facts,
      state: 'duplicate',
      base: stored.base,
      archivePath: stored.archivePath,
      storedBytes: statSync(join(dataDir, stored.archivePath)).size,
    };
  }
  const kept = writer.keep(checksum, base?.checksum ?? null);
  return { ...facts, state: 'captured', base: base?.checksum ?? null, ...kept };
}

/** Policy goes by the time of the file: what was met again is as young as that. */
function touch(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}
