import type * as Koffi from 'koffi';
import { createRequire } from 'node:module';

/** What Node has no call for. Paths are bytes. */
export interface SystemCalls {
  /** Two entries change places in one step (RENAME_EXCHANGE). */
  exchange(one: Buffer, other: Buffer): void;
  makeFifo(path: Buffer): void;
  /** Sets the modification time to the nanosecond. */
  setModified(path: Buffer, mtimeNs: bigint): void;
  /** Writes one byte at the start of a file through a shared mapping. */
  writeMapped(path: Buffer, value: number): void;
}

const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;
const UTIME_OMIT = 0x3ffffffen;
const [O_RDWR, PROT_WRITE, PROT_READ, MAP_SHARED, MS_SYNC] = [2, 2, 1, 1, 4];

/** Undefined where the optional package koffi, or a call, is missing. */
export function systemCalls(): SystemCalls | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return load();
  } catch {
    return undefined;
  }
}

function load(): SystemCalls {
  const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
  const libc = koffi.load(null);
  const renameat2 = libc.func('int renameat2(int, const uint8_t *, int, const uint8_t *, uint)');
  const mkfifo = libc.func('int mkfifo(const uint8_t *, uint)');
  const utimensat = libc.func('int utimensat(int, const uint8_t *, int64_t *, int)');
  const open = libc.func('int open(const uint8_t *, int)');
  const close = libc.func('int close(int)');
  const mmap = libc.func('uint8_t *mmap(void *, size_t, int, int, int, int64_t)');
  const msync = libc.func('int msync(void *, size_t, int)');
  const munmap = libc.func('int munmap(void *, size_t)');
  const check = (result: number, what: string) => {
    if (result < 0) throw new Error(`${what}: errno ${koffi.errno()}`);
    return result;
  };
  return {
    exchange: (one, other) => {
      const result = renameat2(
        AT_FDCWD,
        terminated(one),
        AT_FDCWD,
        terminated(other),
        RENAME_EXCHANGE,
      );
      check(result, 'renameat2');
    },
    makeFifo: (path) => void check(mkfifo(terminated(path), 0o644), 'mkfifo'),
    setModified: (path, mtimeNs) => {
      const second = 1_000_000_000n;
      const times = [0n, UTIME_OMIT, mtimeNs / second, mtimeNs % second];
      check(utimensat(AT_FDCWD, terminated(path), times, 0), 'utimensat');
    },
    writeMapped: (path, value) => {
      const file = check(open(terminated(path), O_RDWR), 'open');
      const page = mmap(null, 4_096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      koffi.encode(page, 'uint8_t', value);
      check(msync(page, 4_096, MS_SYNC), 'msync');
      munmap(page, 4_096);
      close(file);
    },
  };
}

function terminated(path: Buffer): Buffer {
  return Buffer.concat([path, Buffer.from([0])]);
}
