import { lstat, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { remoteFilesystem } from '../../protocol/remote-filesystem.ts';
import { showBytes } from '../amounts.ts';
import type { Endpoint } from '../endpoint.ts';
import { bad, ok, warn, type Check } from './check.ts';

const FREE_BAD_BYTES = 100 * 1024 * 1024;
const FREE_WARN_BYTES = 1024 * 1024 * 1024;
/** sun_path of unix(7), less the zero at its end. */
const SOCKET_PATH_MAX_BYTES = 107;
const OPEN_TO_OTHERS = 0o077;

/** Where the daemon's files and sockets are, or will be. */
export async function placeChecks(
  { dataDir, socketPath, runtimeDir }: Pick<Endpoint, 'dataDir' | 'socketPath' | 'runtimeDir'>,
  uid: number,
): Promise<Check[]> {
  const place = await nearestDirectory(dataDir);
  return [
    await folderCheck('data-directory', dataDir, uid),
    await diskCheck(place),
    await filesystemCheck(place),
    await folderCheck('socket-folder', runtimeDir, uid),
    await socketCheck(socketPath),
  ];
}

/** It must belong to the user alone. */
async function folderCheck(name: string, path: string, uid: number): Promise<Check> {
  try {
    const found = await stat(path);
    if (!found.isDirectory())
      return bad(name, `${path} is not a folder`, `move it away: mv '${path}' '${path}.old'`);
    if (uid >= 0 && found.uid !== uid)
      return bad(
        name,
        `${path} belongs to user ${found.uid}`,
        'name another one, or run as its owner',
      );
    const mode = (found.mode & 0o777).toString(8).padStart(3, '0');
    if (uid >= 0 && (found.mode & OPEN_TO_OTHERS) !== 0)
      return warn(name, `${path} is open to others (mode ${mode})`, `chmod 700 '${path}'`);
    return ok(name, `${path}, mode ${mode}`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return ok(name, `${path} will be made at the first start`);
    return bad(name, `${path}: ${message}`, 'name another one, or make it accessible');
  }
}

async function diskCheck(path: string): Promise<Check> {
  const { bavail, blocks, bsize } = await statfs(path);
  const freeBytes = bavail * bsize;
  const detail = `${showBytes(freeBytes)} of ${showBytes(blocks * bsize)} free at ${path}`;
  const hint = 'make room, or see storage.retention in `codi config show`';
  if (freeBytes < FREE_BAD_BYTES) return bad('disk', detail, hint);
  return freeBytes < FREE_WARN_BYTES ? warn('disk', detail, hint) : ok('disk', detail);
}

async function filesystemCheck(path: string): Promise<Check> {
  const { type } = await statfs(path);
  const remote = remoteFilesystem(type);
  if (remote === undefined)
    return ok('filesystem', `${path} is on a local file system (type 0x${type.toString(16)})`);
  return bad(
    'filesystem',
    `${path} is on ${remote}, where SQLite's locks and mapped files cannot be relied on`,
    'name a data directory on a local disk: storage.data_dir (CODI_DATA_DIR)',
  );
}

async function socketCheck(path: string): Promise<Check> {
  const bytes = Buffer.byteLength(path);
  if (bytes > SOCKET_PATH_MAX_BYTES)
    return bad(
      'socket',
      `${path} has ${bytes} bytes, and a socket's path ${SOCKET_PATH_MAX_BYTES} at most`,
      'name a shorter one: monitor.unix_socket_path (CODI_SOCKET)',
    );
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return ok('socket', `${path} is not there; the daemon makes it`);
  if (found.isSocket()) return ok('socket', path);
  return bad('socket', `${path} is something else than a socket`, `mv '${path}' '${path}.old'`);
}

/** The directory itself, or the one it would be made in. */
async function nearestDirectory(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const isThere = await stat(at).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (isThere || at === dirname(at)) return at;
  }
}
