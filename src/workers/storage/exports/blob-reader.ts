import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip, gunzipSync } from 'node:zlib';
import { CodiError } from '../../../protocol/errors.ts';
import { HEAD_BYTES, segmentCipherOf, type SegmentCipher } from '../archive/segment-cipher.ts';
import { DamagedSegment } from '../archive/segment-format.ts';
import type { StoreKey } from '../cipher/store-key.ts';
import { chainOf, type BlobFile } from './blob-files.ts';
import { PART_BYTES } from './blob-writer.ts';

const LENGTH_BYTES = 4;
/** gzip adds a few bytes to what cannot be compressed. */
const SEALED_LIMIT_BYTES = PART_BYTES + 64 * 1024;

/** The content with this checksum, piece by piece. Throws CODI_EXPORT_DAMAGED. */
export async function* readContent(
  dataDir: string,
  checksum: string,
  key: StoreKey | undefined,
): AsyncGenerator<Buffer> {
  const chain = chainOf(dataDir, checksum);
  if (!chain) throw damaged(checksum, 'a file of it is missing in exports/');
  const hash = createHash('sha256');
  for (const blob of chain) {
    for await (const piece of readBlob(dataDir, blob, key)) {
      hash.update(piece);
      yield piece;
    }
  }
  if (hash.digest('hex') !== checksum)
    throw damaged(checksum, 'its files do not give what was captured');
}

/** What is wrong with a stored content; undefined: it is what was captured. */
export async function problemOf(
  dataDir: string,
  checksum: string,
  key: StoreKey | undefined,
): Promise<string | undefined> {
  try {
    for await (const piece of readContent(dataDir, checksum, key)) void piece;
    return undefined;
  } catch (error) {
    if (CodiError.is(error) && error.code === 'CODI_EXPORT_DAMAGED')
      return String(error.details['reason']);
    throw error;
  }
}

/** The content of one file: all of it, or what was added to another. Throws CODI_EXPORT_DAMAGED. */
export async function* readBlob(
  dataDir: string,
  blob: BlobFile,
  key: StoreKey | null | undefined,
): AsyncGenerator<Buffer> {
  const path = join(dataDir, blob.archivePath);
  try {
    const fd = openSync(path, 'r');
    try {
      const cipher = segmentCipherOf(readAt(fd, 0, HEAD_BYTES), key);
      if (cipher.head.length === 0) yield* plainPieces(path);
      else yield* sealedPieces(fd, cipher);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isContent = code?.startsWith('Z_') === true || code === 'ERR_BUFFER_TOO_LARGE';
    if (isContent || code === 'ENOENT' || error instanceof DamagedSegment)
      throw damaged(blob.checksum, `${blob.archivePath}: ${message}`);
    throw error;
  }
}

async function* plainPieces(path: string): AsyncGenerator<Buffer> {
  const file = createReadStream(path);
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const piece of file.pipe(gunzip)) yield piece as Buffer;
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

function* sealedPieces(fd: number, cipher: SegmentCipher): Generator<Buffer> {
  const { size } = fstatSync(fd);
  for (let offset = HEAD_BYTES; offset < size;) {
    const length = readAt(fd, offset, LENGTH_BYTES);
    const bytes = length.length === LENGTH_BYTES ? length.readUInt32LE() : 0;
    if (bytes === 0 || bytes > SEALED_LIMIT_BYTES || offset + LENGTH_BYTES + bytes > size)
      throw new DamagedSegment('a part of it is cut off');
    const member = cipher.open(readAt(fd, offset + LENGTH_BYTES, bytes), offset);
    yield gunzipSync(member, { maxOutputLength: PART_BYTES });
    offset += LENGTH_BYTES + bytes;
  }
}

function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  for (let count = -1; read < length && count !== 0; read += count)
    count = readSync(fd, bytes, read, length - read, position + read);
  return bytes.subarray(0, read);
}

function damaged(checksum: string, reason: string): CodiError {
  return new CodiError('CODI_EXPORT_DAMAGED', { checksum, reason });
}
