import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { lstat, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  RejectedLine,
  SpoolFileRef,
  SpoolFolder,
  SpoolListing,
  SpoolReader,
} from '../actors/serving/spool-ports.ts';
import { CodiError } from '../protocol/errors.ts';
import {
  isRejectedFileName,
  readSpoolFileName,
  REJECTED_MARK,
  TAKEN_MARK,
} from '../protocol/spool-line.ts';

const CHUNK_BYTES = 64 * 1024;
/** Of one look; what is beyond waits for the next one. */
const NAMES_MAX = 20_000;
const FOREIGN_MAX = 16;
const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export interface SpoolFolderOptions {
  directory: string;
  uid: number;
  fileLimitBytes: number;
}

/** The spool folder on disk. Links, pipes, devices and files of others in it are left alone. */
export function spoolFolder(options: SpoolFolderOptions): SpoolFolder {
  return { list: () => list(options), open: (file) => take(options, file) };
}

/** What the file system refuses now, the next look may find: no reason to end anybody. */
async function list(options: SpoolFolderOptions): Promise<SpoolListing> {
  try {
    return await readFolder(options);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { files: [], rejectedFiles: 0, foreign: [], problem: error.message };
  }
}

async function readFolder({ directory, uid }: SpoolFolderOptions): Promise<SpoolListing> {
  const listing: SpoolListing = { files: [], rejectedFiles: 0, foreign: [] };
  const stat = await lstat(directory).catch(unlessAbsent);
  if (!stat) return listing;
  const problem =
    (stat.isDirectory() ? undefined : 'it is no directory') ??
    (stat.uid === uid ? undefined : 'it belongs to somebody else') ??
    ((stat.mode & 0o077) === 0 ? undefined : 'others may look into it: its mode must be 0700');
  if (problem !== undefined) return { ...listing, problem };
  for (const name of await namesIn(directory)) await look(directory, name, listing);
  return listing;
}

/**
 * Names in the folder, the files of each writer in order and without a hole. While a folder is read, a file that comes may be
 * shown and one that came before it not: the daemon would use up the numbers of the one for those in the other. So no
 * file is taken that came after a look before this one.
 */
async function namesIn(directory: string): Promise<string[]> {
  const newest = new Map<string, number>();
  for (const { writer, number } of filesAmong(await readdir(directory)))
    newest.set(writer, Math.max(number, newest.get(writer) ?? 0));
  const names = await readdir(directory);
  const numbers = new Map(filesAmong(names).map((file) => [file.seenAs, file]));
  // What is no spool file comes last, so that much of it keeps none from being seen.
  const numberOf = (name: string) => numbers.get(name)?.number ?? Number.MAX_SAFE_INTEGER;
  return names
    .filter((name) => {
      const file = numbers.get(name);
      return !file || file.number <= (newest.get(file.writer) ?? 0);
    })
    .sort((one, two) => numberOf(one) - numberOf(two))
    .slice(0, NAMES_MAX);
}

function filesAmong(names: readonly string[]) {
  return names.flatMap((seenAs) => {
    const file = readSpoolFileName(seenAs);
    return file ? [{ ...file, seenAs }] : [];
  });
}

async function look(directory: string, name: string, listing: SpoolListing): Promise<void> {
  if (isRejectedFileName(name)) {
    listing.rejectedFiles += 1;
    return;
  }
  const known = readSpoolFileName(name);
  const stat = known && (await lstat(join(directory, name)).catch(unlessAbsent));
  if (known && !stat) return;
  if (known && stat?.isFile())
    listing.files.push({ ...known, bytes: stat.size, writtenMs: stat.mtimeMs });
  else if (listing.foreign.length < FOREIGN_MAX) listing.foreign.push(name);
}

/** Its writer adds nothing that counts once the file has another name. */
async function take(
  { directory, uid, fileLimitBytes }: SpoolFolderOptions,
  { name, isTaken }: SpoolFileRef,
): Promise<SpoolReader | undefined> {
  const path = join(directory, name);
  const takenPath = `${path}${TAKEN_MARK}`;
  const own = isTaken ? takenPath : path;
  const handle = await open(own, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(unlessAbsent);
  if (!handle) return undefined;
  try {
    const stat = await handle.stat();
    const reason =
      (stat.isFile() ? undefined : 'it is no file') ??
      (stat.uid === uid ? undefined : 'it belongs to somebody else') ??
      ((stat.mode & 0o022) === 0 ? undefined : 'others may write into it') ??
      (stat.nlink <= 1 ? undefined : 'it has a second name') ??
      (stat.size <= fileLimitBytes ? undefined : `it has more than ${fileLimitBytes} bytes`);
    if (reason !== undefined)
      throw new CodiError('CODI_SPOOL_UNAVAILABLE', { path: own, reason }, { message: reason });
    if (!isTaken) await rename(path, takenPath);
  } catch (error) {
    await handle.close();
    // Its writer handed it over itself, and removed it.
    return unlessAbsent(error);
  }
  return reader(handle, takenPath, `${path}${REJECTED_MARK}`);
}

function reader(handle: FileHandle, path: string, rejectedPath: string): SpoolReader {
  let position = 0;
  return {
    read: async () => {
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
      position += bytesRead;
      return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
    },
    asideLines: async () => {
      const text = await readFile(rejectedPath, 'utf8').catch(unlessAbsent);
      return new Set((text ?? '').split('\n').flatMap(numberOf));
    },
    setAside: (lines) => append(rejectedPath, lines),
    finish: () => unlink(path).catch(unlessAbsent),
    close: () => handle.close(),
  };
}

async function append(path: string, lines: readonly RejectedLine[]): Promise<void> {
  const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    // After a torn one the first of them would be torn as well.
    const text = lines.map((line) => `${rejectedText(line)}\n`).join('');
    await handle.appendFile(`\n${text}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function rejectedText({ line, reason, bytes }: RejectedLine): string {
  const content = isUtf8(bytes)
    ? { text: bytes.toString('utf8') }
    : { base64: bytes.toString('base64') };
  return JSON.stringify({ line, reason, ...content });
}

function numberOf(text: string): number[] {
  try {
    const { line } = JSON.parse(text) as { line?: unknown };
    return typeof line === 'number' ? [line] : [];
  } catch {
    return []; // torn by a crash: it is written again
  }
}

function unlessAbsent(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  return undefined;
}
