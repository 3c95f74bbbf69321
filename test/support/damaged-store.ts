import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

/** Page size of the stores that daemons make. */
export const PAGE_BYTES = 4_096;

/** Overwrites a page of a file in place, as a bad disk would. Pages count from 1. */
export function damagePage(path: string, page: number, fill: (bytes: Buffer) => void): void {
  const descriptor = openSync(path, 'r+');
  try {
    const bytes = Buffer.alloc(PAGE_BYTES);
    readSync(descriptor, bytes, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
    fill(bytes);
    writeSync(descriptor, bytes, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES);
  } finally {
    closeSync(descriptor);
  }
}

/** Changes a byte of a file in place. */
export function flipByte(path: string, offset: number): void {
  const descriptor = openSync(path, 'r+');
  try {
    const bytes = Buffer.alloc(1);
    readSync(descriptor, bytes, 0, 1, offset);
    bytes[0]! ^= 0x10;
    writeSync(descriptor, bytes, 0, 1, offset);
  } finally {
    closeSync(descriptor);
  }
}

/** How many pages a file has. */
export function pagesOf(path: string): number {
  const descriptor = openSync(path, 'r');
  try {
    return Math.ceil(fstatSync(descriptor).size / PAGE_BYTES);
  } finally {
    closeSync(descriptor);
  }
}

/** The pages of a closed database in which a text stands, or that begin with a type of b-tree page. */
export function pagesWith(
  path: string,
  isWanted: (page: Buffer, number: number) => boolean,
): number[] {
  const bytes = readFileSync(path);
  const pages: number[] = [];
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    const number = at / PAGE_BYTES + 1;
    if (isWanted(bytes.subarray(at, at + PAGE_BYTES), number)) pages.push(number);
  }
  return pages;
}

/** Where the pages of a write-ahead log stand that belong to its present turn, in order. */
export function currentFrames(logPath: string): number[] {
  const log = readFileSync(logPath);
  const salts = log.subarray(16, 24);
  const places: number[] = [];
  for (let at = 32; at + 24 + PAGE_BYTES <= log.length; at += 24 + PAGE_BYTES) {
    if (!log.subarray(at + 8, at + 16).equals(salts)) break;
    places.push(at + 24);
  }
  return places;
}

/** Where transactions of its present turn end in a write-ahead log, in order. */
export function commitEnds(logPath: string): number[] {
  const log = readFileSync(logPath);
  // The header of a frame stands before its page; its second word is not 0 where a transaction ends.
  return currentFrames(logPath)
    .filter((page) => log.readUInt32BE(page - 20) !== 0)
    .map((page) => page + PAGE_BYTES);
}
