/**
 * `<quarantine>.unproved.jsonl`: entries of lost blocks that can still be read one by one. Nothing shows that they are
 * what was committed, so they are not in the ledger. Lines as in an archive segment; of an encrypted store the file is
 * encrypted, in parts: u32 (little-endian) with their length, then a part of a segment's form (docs/ledger-format.md).
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { HEAD_BYTES, newSegmentCipher, segmentCipherOf } from '../archive/segment-cipher.ts';
import { packLines, unpackLines } from '../archive/segment-format.ts';
import { storeKey } from '../cipher/store-key.ts';
import type { StoreKind } from '../open-database.ts';

const NAME = /^(ledger|state)\.db\.corrupt\.[\dTZ.-]+\.unproved\.jsonl$/;
const PART_LENGTH = 1024 * 1024;
const LENGTH_BYTES = 4;

/** How the files of a healing that began then are called, before their endings. */
export function quarantineName(kind: StoreKind, startedMs: number): string {
  return `${kind}.db.corrupt.${new Date(startedMs).toISOString().replaceAll(':', '')}`;
}

export function unprovedName(quarantine: string): string {
  return `${quarantine}.unproved.jsonl`;
}

export function isUnprovedName(name: string): boolean {
  return NAME.test(name);
}

/** The file of a healing that began then, where there is one. */
export function unprovedOf(dataDir: string, kind: StoreKind, startedMs: number) {
  const name = unprovedName(quarantineName(kind, startedMs));
  return existsSync(join(dataDir, name)) ? name : undefined;
}

/** Writes the file; there is none as long as there is no line. */
export class UnprovedFile {
  readonly #path: string;
  readonly #cipher = newSegmentCipher(storeKey());
  #descriptor: number | undefined;
  #lines: string[] = [];
  #length = 0;
  #offset = 0;
  count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    this.count += 1;
    if (this.#length >= PART_LENGTH) this.#writePart();
  }

  /** Returns once everything is on the disk; its name is not. */
  finish(): void {
    if (this.#lines.length > 0) this.#writePart();
    if (this.#descriptor !== undefined) fsyncSync(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #writePart(): void {
    const { head } = this.#cipher;
    if (this.#descriptor === undefined) {
      this.#descriptor = openSync(this.#path, 'w', 0o600);
      this.#write(head);
    }
    if (head.length === 0) this.#write(Buffer.from(`${this.#lines.join('\n')}\n`));
    else {
      const part = this.#cipher.seal(packLines(this.#lines), this.#offset + LENGTH_BYTES);
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(part.length);
      this.#write(Buffer.concat([length, part]));
    }
    this.#lines = [];
    this.#length = 0;
  }

  #write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length;)
      written += writeSync(this.#descriptor!, bytes, written, bytes.length - written);
    this.#offset += bytes.length;
  }
}

/** The lines of such a file. Throws DamagedSegment. */
export function readUnproved(path: string): string[] {
  const bytes = readFileSync(path);
  const cipher = segmentCipherOf(bytes.subarray(0, HEAD_BYTES), storeKey());
  if (cipher.head.length === 0) return bytes.toString('utf8').split('\n').slice(0, -1);
  const lines: string[] = [];
  for (let at = cipher.head.length; at + LENGTH_BYTES <= bytes.length;) {
    const from = at + LENGTH_BYTES;
    const end = from + bytes.readUInt32LE(at);
    for (const line of unpackLines(cipher.open(bytes.subarray(from, end), from))) lines.push(line);
    at = end;
  }
  return lines;
}
