import { createHash } from 'node:crypto';
import { posix } from 'node:path';

/** What the places depend on; read where a program begins. */
export interface Machine {
  /** Home folder, absolute. */
  readonly home: string;
  readonly uid: number;
  /** Folder the program was started in, absolute. It may throw CODI_PATH_INVALID: see startFolder. */
  readonly cwd: string;
  /** The XDG variables, for instance `process.env`. Relative values are ignored, as XDG asks. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where client and daemon meet. Both find it by the same rules, without asking each other. */
export interface Places {
  readonly dataDir: string;
  readonly socketPath: string;
  /** What clients could not hand to a daemon; it reads it when it is back. */
  readonly spoolDir: string;
}

/** `$XDG_STATE_HOME/codi`. */
export function defaultDataDir(machine: Machine): string {
  const stateHome =
    xdgFolder(machine, 'XDG_STATE_HOME') ?? posix.join(machine.home, '.local', 'state');
  return posix.join(stateHome, 'codi');
}

/**
 * The socket of the daemon that has this data directory. Another data directory gets another socket,
 * so that daemons do not meet by accident.
 */
export function socketPathOf(dataDir: string, machine: Machine): string {
  const runtimeHome = xdgFolder(machine, 'XDG_RUNTIME_DIR');
  const ourRuntime =
    runtimeHome === undefined ? `/tmp/codi-${machine.uid}` : posix.join(runtimeHome, 'codi');
  const ownRuntime =
    dataDir === defaultDataDir(machine) ? ourRuntime : posix.join(ourRuntime, shortHash(dataDir));
  return posix.join(ownRuntime, 'monitor.sock');
}

/** In the data directory: as private as the ledger, and never mixed up between two daemons. */
export function spoolDirOf(dataDir: string): string {
  return posix.join(dataDir, 'spool');
}

/** The places of a program that reads no configuration file; what is named wins. */
export function findPlaces(
  machine: Machine,
  named: { dataDir?: string | undefined; socketPath?: string | undefined },
): Places {
  const { env } = machine;
  const dataDirText = named.dataDir || env['CODI_STORAGE_DATA_DIR'] || env['CODI_DATA_DIR'];
  const dataDir = dataDirText ? absolute(dataDirText, machine) : defaultDataDir(machine);
  // A data directory that is named in the program is not that of the environment's socket.
  const ofEnvironment =
    named.dataDir === undefined
      ? env['CODI_MONITOR_UNIX_SOCKET_PATH'] || env['CODI_SOCKET']
      : undefined;
  const socketText = named.socketPath || ofEnvironment;
  const socketPath = socketText ? absolute(socketText, machine) : socketPathOf(dataDir, machine);
  return { dataDir, socketPath, spoolDir: spoolDirOf(dataDir) };
}

/** A path as a person writes it: `~` is the home folder, the rest is relative to the start folder. */
export function absolute(path: string, machine: Pick<Machine, 'home' | 'cwd'>): string {
  const expanded = /^~(\/|$)/.test(path) ? posix.join(machine.home, path.slice(1)) : path;
  const whole = posix.isAbsolute(expanded) ? expanded : posix.join(machine.cwd, expanded);
  return withoutTrailingSlash(posix.resolve(whole));
}

/** An XDG folder, if its variable names an absolute one. */
export function xdgFolder(machine: Machine, variable: string): string | undefined {
  const value = machine.env[variable];
  return value !== undefined && posix.isAbsolute(value) ? withoutTrailingSlash(value) : undefined;
}

/** Twelve hex digits keep the socket path far below the limit of 107 bytes. */
function shortHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
