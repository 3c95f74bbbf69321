import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { isRejectedFileName, readSpoolFileName } from '../../protocol/spool-line.ts';

/** A file that is appended to. */
export interface SpoolFile {
  /** Writes all of it at the end, or throws. */
  append(bytes: Buffer): Promise<void>;
  /** Resolves when what was appended is on disk. */
  sync(): Promise<void>;
  /** Whether its name still leads to it: a daemon that reads it has given it another one. */
  isNamed(): Promise<boolean>;
  /** Bytes from a position; fewer, or none, at the end. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/** The disk, as a spool needs it. */
export interface SpoolFiles {
  /** Makes the folder privately, or checks that it is ours alone; says how full it is. */
  openFolder(directory: string): Promise<{ bytes: number; names: string[] }>;
  /** Makes a new file, mode 0600, whose name is on disk as soon as it is synced. */
  create(path: string): Promise<SpoolFile>;
  syncFolder(directory: string): Promise<void>;
  /** Removes a file; one that is not there is as good. */
  remove(path: string): Promise<void>;
}

/** More files than this in one folder mean that nobody reads it. */
const FILES_MAX = 10_000;
const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR, O_RDONLY, O_DIRECTORY } = constants;

/** The real disk; `ownUid` is -1 where there is no such number. */
export function nodeSpoolFiles(ownUid: () => number): SpoolFiles {
  return {
    openFolder: async (directory) => {
      await checkStore(directory, ownUid());
      const firstMade = await mkdir(directory, { recursive: true, mode: 0o700 });
      if (firstMade !== undefined) {
        // Whatever the umask took away.
        await chmod(directory, 0o700);
        await syncFolders(dirname(directory), dirname(firstMade));
      }
      await checkFolder(directory, ownUid());
      return measure(directory);
    },
    create: async (path) => {
      const flags = O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_NOFOLLOW;
      const handle = await open(path, flags, 0o600);
      await handle.chmod(0o600);
      return spoolFile(path, handle);
    },
    syncFolder,
    remove: (path) => unlink(path).catch(unlessAbsent),
  };
}

function spoolFile(path: string, handle: FileHandle): SpoolFile {
  return {
    append: async (bytes) => {
      for (let done = 0; done < bytes.length;) {
        done += (await handle.write(bytes, done, bytes.length - done)).bytesWritten;
      }
    },
    sync: () => handle.datasync(),
    isNamed: async () => {
      const [own, named] = await Promise.all([
        handle.stat({ bigint: true }),
        lstat(path, { bigint: true }).catch(unlessAbsent),
      ]);
      return named?.ino === own.ino && named.dev === own.dev;
    },
    read: async (position, length) => {
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, length, position);
      return buffer.subarray(0, bytesRead);
    },
    close: () => handle.close(),
  };
}

/** A folder of ours beside the store of somebody else would keep that one's daemon and clients from having one. */
async function checkStore(directory: string, ownUid: number): Promise<void> {
  const store = await lstat(join(dirname(directory), 'ledger.db')).catch(unlessAbsent);
  if (!store || ownUid < 0 || store.uid === ownUid) return;
  if (await lstat(directory).catch(unlessAbsent)) return;
  const reason = 'the store beside it belongs to somebody else';
  throw new CodiError('CODI_SPOOL_UNAVAILABLE', { path: directory, reason });
}

/** Nobody else may read what is spooled, or put something there in our name. */
async function checkFolder(directory: string, ownUid: number): Promise<void> {
  const stat = await lstat(directory);
  const reason =
    (stat.isDirectory() ? undefined : 'it is no directory') ??
    (ownUid < 0 || stat.uid === ownUid ? undefined : 'it belongs to somebody else') ??
    ((stat.mode & 0o077) === 0 ? undefined : 'others may look into it (its mode must be 0700)');
  if (reason !== undefined)
    throw new CodiError('CODI_SPOOL_UNAVAILABLE', { path: directory, reason });
}

async function measure(directory: string): Promise<{ bytes: number; names: string[] }> {
  const all = await readdir(directory);
  const names = all.filter((name) => readSpoolFileName(name) || isRejectedFileName(name));
  if (names.length >= FILES_MAX) {
    const reason = `${names.length} files wait in it`;
    throw new CodiError('CODI_SPOOL_UNAVAILABLE', { path: directory, reason });
  }
  let bytes = 0;
  for (const name of names) {
    bytes += (await lstat(join(directory, name)).catch(unlessAbsent))?.size ?? 0;
  }
  return { bytes, names };
}

/** A new folder is on disk when the folders above it are. */
async function syncFolders(from: string, to: string): Promise<void> {
  for (let folder = from; ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === to || folder === dirname(folder)) return;
  }
}

async function syncFolder(directory: string): Promise<void> {
  const handle = await open(directory, O_RDONLY | O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unlessAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}
