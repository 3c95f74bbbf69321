/** Bytes of SQLite's files, read without SQLite (sqlite.org/fileformat2.html). */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Undefined when there is nothing, or something that is no file. */
export function openIfFile(path: string): number | undefined {
  try {
    const descriptor = openSync(path, 'r');
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  }
  return undefined;
}

/** Reads as much as there is. */
export function readAt(descriptor: number, bytes: Buffer, offset: number): void {
  for (let read = 0; read < bytes.length;) {
    const count = readSync(descriptor, bytes, read, bytes.length - read, offset + read);
    if (count === 0) return;
    read += count;
  }
}

/** A page size as a header has it; undefined when it is none. */
export function pageSize(value: number): number | undefined {
  const bytes = value === 1 ? 65_536 : value;
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0 ? bytes : undefined;
}

/** The check sum of write-ahead logs (fileformat2.html, section 4.2). */
export function checkSum(
  bytes: Buffer,
  [first, second]: readonly [number, number],
  isBigEndian: boolean,
): [number, number] {
  let [one, two] = [first, second];
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    one = (one + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + two) >>> 0;
    two =
      (two + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + one) >>> 0;
  }
  return [one, two];
}
