/**
 * Moves or deletes the original of an export whose content is kept. A file is first taken aside, under a name that
 * nobody else uses and that says what it is, and looked at there: whatever has taken its place in the meantime is put
 * back. So at every moment the file is under its own name, aside, or where it was to go, and a run that was
 * interrupted is finished by the next one.
 */
import {
  closeSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs';
import { CodiError } from '../../../protocol/errors.ts';
import { fsPath, joinBytePath, type BytePath } from '../../../protocol/byte-path.ts';
import { movingName } from '../../../protocol/export-names.ts';
import { storeKey } from '../cipher/store-key.ts';
import { syncPath } from '../durable-file.ts';
import type { FileIdentity, RetireInput, RetireResult } from '../exports.messages.ts';
import { problemOf } from './blob-reader.ts';
import type { CapturePorts } from './capture.ts';
import { copyDurably, hasContent, isFileWith } from './copy-original.ts';
import { identityOf, isSameFile, openOriginal } from './open-original.ts';

const CHECKSUM_CHARACTERS = 12;
/** Files of one name and one content that may lie beside each other where exports are moved to. */
const NAMES_MAX = 9;

type Ports = Pick<CapturePorts, 'dataDir' | 'uid' | 'writers'>;

/** Throws CODI_EXPORT_ORIGINAL_KEPT when it cannot be done now; the file is where it was. */
export async function retireOriginal(ports: Ports, input: RetireInput): Promise<RetireResult> {
  const { path, moveTo, identity } = input;
  const aside = joinBytePath(folderOf(path), movingNameOf(input));
  try {
    const interrupted = lookAt(aside);
    if (interrupted && isSameFile(interrupted, identity)) {
      const end = await resumed(ports, input, aside);
      if (end) return end;
    }
    const original = lookAt(path);
    if (!original) return await goneTo(input);
    if (!isSameFile(original, identity)) return { outcome: 'changed' };
    await assertKept(ports, input);
    if (!(await isAsCaptured(ports, input))) return { outcome: 'changed' };
    if (moveTo !== null) return await moved(ports, input, aside);
    return takeAside(input, aside) ? removed(ports, input, aside) : { outcome: 'changed' };
  } catch (error) {
    if (CodiError.is(error)) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw kept(code ?? message);
  }
}

/** What an earlier run has taken aside beside its own name; undefined: it has that name again. */
async function resumed(
  ports: Ports,
  input: RetireInput,
  aside: BytePath,
): Promise<RetireResult | undefined> {
  const { path, moveTo } = input;
  if (moveTo === null) {
    await assertKept(ports, input);
    return removed(ports, input, aside);
  }
  if (giveName(aside, path)) return undefined;
  const to = await copyThere(input);
  if (to === undefined) throw kept('another file has its name');
  removed(ports, input, aside);
  return { outcome: 'moved', to };
}

async function moved(ports: Ports, input: RetireInput, aside: BytePath): Promise<RetireResult> {
  const moveTo = input.moveTo!;
  mkdirSync(fsPath(moveTo), { recursive: true, mode: 0o700 });
  const there = joinBytePath(moveTo, movingNameOf(input));
  try {
    if (!takeAside(input, there)) return { outcome: 'changed' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    return copyAcross(ports, input, aside);
  }
  return { outcome: 'moved', to: bring(there, input) };
}

/** The content can be given back, which is what makes the original dispensable. */
async function assertKept({ dataDir }: Ports, { checksum }: RetireInput): Promise<void> {
  const problem = await problemOf(dataDir, checksum, storeKey());
  if (problem !== undefined) throw kept(problem);
}

/** It is opened as for a capture, nobody writes to it, and its content is still the one that was captured. */
async function isAsCaptured({ uid, writers }: Ports, input: RetireInput): Promise<boolean> {
  const { path, root, identity, checksum } = input;
  const opened = openOriginal({ path, root, uid, sizeLimitBytes: identity.size });
  if ('state' in opened) return false;
  try {
    if (!isSameFile(opened.identity, identity)) return false;
    if (writers.has(identity)) throw kept('somebody has it open for writing');
    if (!(await hasContent(opened.fd, identity.size, checksum))) return false;
    return isSameFile(identityOf(fstatSync(opened.fd, { bigint: true })), identity);
  } finally {
    closeSync(opened.fd);
  }
}

/** False: another file has taken its place, and is back there. */
function takeAside({ path, identity }: RetireInput, aside: BytePath): boolean {
  // Synced with what follows, which is to follow at once: whoever watches the folder may look at it.
  renameSync(fsPath(path), fsPath(aside));
  const taken = lookAt(aside);
  if (taken && isSameFile(taken, identity)) return true;
  if (taken) putBack(aside, path);
  return false;
}

/** Never over what may have come to that name by now. */
function putBack(aside: BytePath, path: BytePath): void {
  for (let number = 0; number <= NAMES_MAX; number++)
    if (giveName(aside, (number === 0 ? path : `${path}.${number}`) as BytePath)) return;
}

/** Its final name where it was moved to; nothing that is there is replaced. */
function bring(aside: BytePath, { path, moveTo, checksum, identity }: RetireInput): BytePath {
  for (const name of finalNames(path, checksum)) {
    const target = joinBytePath(moveTo!, name);
    const there = lookAt(target);
    if (there?.ino === identity.ino && there.dev === identity.dev) {
      // Both names are there: an earlier run was interrupted between them.
      unlinkSync(fsPath(aside));
      syncPaths(folderOf(aside), folderOf(path));
      return target;
    }
    if (there || !giveName(aside, target)) continue;
    syncPaths(folderOf(aside), folderOf(path));
    return target;
  }
  throw kept('there are too many files of this name where it is to go');
}

/** False: there is a file of this name. */
function giveName(from: BytePath, to: BytePath): boolean {
  try {
    linkSync(fsPath(from), fsPath(to));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A file system without second names, or a file that may have none.
    if (lookAt(to)) return false;
    renameSync(fsPath(from), fsPath(to));
    return true;
  }
  unlinkSync(fsPath(from));
  return true;
}

/** To another file system: copied, on the disk and read back, before the original goes. */
async function copyAcross(
  ports: Ports,
  input: RetireInput,
  aside: BytePath,
): Promise<RetireResult> {
  const { path, moveTo, checksum, identity } = input;
  let target = await copyThere(input);
  const unfinished = joinBytePath(moveTo!, movingNameOf(input));
  if (target !== undefined) rmSync(fsPath(unfinished), { force: true });
  else {
    await copyDurably(path, unfinished, { identity, checksum });
    for (const name of finalNames(path, checksum)) {
      target = joinBytePath(moveTo!, name);
      if (giveName(unfinished, target)) break;
      target = undefined;
    }
    if (target === undefined) throw kept('there are too many files of this name where it is to go');
    syncPaths(moveTo!);
  }
  if (!takeAside(input, aside)) return { outcome: 'changed' };
  removed(ports, input, aside);
  return { outcome: 'moved', to: target };
}

/** Nobody has it under its name: it was moved by a run that could not say so, or went some other way. */
async function goneTo(input: RetireInput): Promise<RetireResult> {
  const { moveTo } = input;
  if (moveTo === null) return { outcome: 'gone' };
  const there = joinBytePath(moveTo, movingNameOf(input));
  const moving = lookAt(there);
  if (moving && isSameFile(moving, input.identity))
    return { outcome: 'moved', to: bring(there, input) };
  const to = await copyThere(input);
  return to === undefined ? { outcome: 'gone' } : { outcome: 'moved', to };
}

/** What lies there already with this content, under one of the names it would get. */
async function copyThere({ path, moveTo, checksum, identity }: RetireInput) {
  for (const name of finalNames(path, checksum)) {
    const target = joinBytePath(moveTo!, name);
    if (await isFileWith(target, identity.size, checksum)) return target;
  }
  return undefined;
}

/** Nobody can open it by its name any more, so that who has it open now is all there is to ask. */
function removed({ writers }: Ports, input: RetireInput, aside: BytePath): RetireResult {
  const { path, identity } = input;
  const now = lookAt(aside);
  if (writers.hasNow(identity) || !now || !isSameFile(now, identity)) {
    putBack(aside, path);
    throw kept('somebody has it open for writing');
  }
  unlinkSync(fsPath(aside));
  syncPaths(folderOf(aside));
  return { outcome: 'deleted' };
}

function lookAt(path: BytePath): FileIdentity | undefined {
  const stat = lstatSync(fsPath(path), { bigint: true, throwIfNoEntry: false });
  return stat && identityOf(stat);
}

function* finalNames(path: BytePath, checksum: string): Generator<string> {
  const name = path.slice(path.lastIndexOf('/') + 1);
  yield name;
  const dot = name.lastIndexOf('.');
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
  const version = `${stem}-${checksum.slice(0, CHECKSUM_CHARACTERS)}`;
  yield `${version}${ending}`;
  for (let number = 2; number <= NAMES_MAX; number++) yield `${version}-${number}${ending}`;
}

function movingNameOf({ checksum, identity }: RetireInput): string {
  return movingName({ checksum, ino: identity.ino });
}

function folderOf(path: BytePath): BytePath {
  return (path.slice(0, path.lastIndexOf('/')) || '/') as BytePath;
}

function syncPaths(...folders: BytePath[]): void {
  for (const folder of new Set(folders)) syncPath(fsPath(folder));
}

function kept(reason: string): CodiError {
  return new CodiError('CODI_EXPORT_ORIGINAL_KEPT', { reason });
}
