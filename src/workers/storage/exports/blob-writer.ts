import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { newSegmentCipher, type SegmentCipher } from '../archive/segment-cipher.ts';
import type { StoreKey } from '../cipher/store-key.ts';
import { syncPath } from '../durable-file.ts';
import { blobPath, EXPORTS_FOLDER, UNFINISHED } from './blob-files.ts';

/** Content of one gzip member: what is in memory at once. */
export const PART_BYTES = 1024 * 1024;
/** gzip's own default; higher ones cost several times as much for a few percent. */
const LEVEL = 6;
const LENGTH_BYTES = 4;
let unfinishedCount = 0;

/** Writes a content beside its name, in parts; only `keep` gives it its name. */
export class BlobWriter {
  readonly #dataDir: string;
  readonly #path: string;
  readonly #fd: number;
  readonly #cipher: SegmentCipher;
  readonly #isEncrypted: boolean;
  #pending = Buffer.alloc(0);
  #offset = 0;
  #isOpen = true;

  /** `owner` tells the unfinished files of threads apart. */
  constructor(dataDir: string, owner: string, key: StoreKey | null | undefined) {
    const folder = join(dataDir, EXPORTS_FOLDER);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#dataDir = dataDir;
    this.#path = join(folder, `${UNFINISHED}${owner}-${unfinishedCount++}`);
    this.#fd = openSync(this.#path, 'wx', 0o600);
    this.#cipher = newSegmentCipher(key);
    this.#isEncrypted = key != null;
    this.#write(this.#cipher.head);
  }

  add(bytes: Uint8Array): void {
    this.#pending =
      this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    while (this.#pending.length >= PART_BYTES) {
      this.#writePart(this.#pending.subarray(0, PART_BYTES));
      this.#pending = this.#pending.subarray(PART_BYTES);
    }
  }

  /** After it returns the content is on the disk under its name, whatever happens then. */
  keep(checksum: string, base: string | null): { archivePath: string; storedBytes: number } {
    if (this.#pending.length > 0 || this.#offset <= this.#cipher.head.length)
      this.#writePart(this.#pending);
    this.#pending = Buffer.alloc(0);
    fsyncSync(this.#fd);
    this.#close();
    const archivePath = blobPath(checksum, base);
    const path = join(this.#dataDir, archivePath);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    renameSync(this.#path, path);
    syncPath(dirname(path));
    // The folder of two digits may be new, and so may `exports`.
    syncPath(dirname(dirname(path)));
    syncPath(this.#dataDir);
    return { archivePath, storedBytes: this.#offset };
  }

  discard(): void {
    this.#close();
    rmSync(this.#path, { force: true });
  }

  #close(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  #writePart(content: Buffer): void {
    const member = gzipSync(content, { level: LEVEL });
    if (!this.#isEncrypted) return this.#write(member);
    const offset = this.#offset;
    const sealed = this.#cipher.seal(member, offset);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(sealed.length);
    this.#write(length);
    this.#write(sealed);
  }

  #write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length;)
      written += writeSync(this.#fd, bytes, written, bytes.length - written);
    this.#offset += bytes.length;
  }
}
