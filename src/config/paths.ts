import { createHash } from 'node:crypto';
import { posix } from 'node:path';

import type { Config } from './schema.ts';

/** What the paths depend on beside the configuration; read by the entry points. */
export interface Machine {
  /** Home folder, absolute. */
  readonly home: string;
  readonly uid: number;
  /** Folder the program was started in, absolute. */
  readonly cwd: string;
  /** The XDG variables, for instance `process.env`. Relative values are ignored, as XDG asks. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Paths {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly debugSocketPath: string;
  readonly configPath: string;
  /** Folder of the sockets. */
  readonly runtimeDir: string;
}

/** The configuration file: the one named by flag or CODI_CONFIG, else `$XDG_CONFIG_HOME/codi/config.toml`. */
export function resolveConfigPath(
  machine: Machine,
  flag?: string,
): { path: string; isNamed: boolean } {
  const named = flag ?? emptyAsUnset(machine.env['CODI_CONFIG']);
  if (named !== undefined) return { path: absolute(named, machine), isNamed: true };
  const base = xdg(machine, 'XDG_CONFIG_HOME') ?? posix.join(machine.home, '.config');
  return { path: posix.join(base, 'codi', 'config.toml'), isNamed: false };
}

/**
 * Where a daemon with this configuration lives. Data directory and socket are one decision: another
 * data directory gets another socket unless one is named, so that daemons do not meet by accident.
 */
export function resolvePaths(
  config: Pick<Config, 'storage' | 'monitor' | 'debug'>,
  machine: Machine,
  configFlag?: string,
): Paths {
  const stateHome = xdg(machine, 'XDG_STATE_HOME') ?? posix.join(machine.home, '.local', 'state');
  const defaultDataDir = posix.join(stateHome, 'codi');
  const dataDir = chosenDataDir(config, machine) ?? defaultDataDir;

  const runtimeHome = xdg(machine, 'XDG_RUNTIME_DIR');
  const ourRuntime =
    runtimeHome === undefined ? `/tmp/codi-${machine.uid}` : posix.join(runtimeHome, 'codi');
  const ownRuntime =
    dataDir === defaultDataDir ? ourRuntime : posix.join(ourRuntime, shortHash(dataDir));

  const named = config.monitor.unixSocketPath;
  const socketPath =
    named === undefined ? posix.join(ownRuntime, 'monitor.sock') : absolute(named, machine);
  const debugNamed = config.debug.socketPath;
  return {
    dataDir,
    socketPath,
    debugSocketPath:
      debugNamed === undefined ? debugSocketBeside(socketPath) : absolute(debugNamed, machine),
    configPath: resolveConfigPath(machine, configFlag).path,
    runtimeDir: posix.dirname(socketPath),
  };
}

/** A path as a person writes it: `~` is the home folder, the rest is relative to the start folder. */
export function absolute(path: string, machine: Pick<Machine, 'home' | 'cwd'>): string {
  const expanded = /^~(\/|$)/.test(path) ? posix.join(machine.home, path.slice(1)) : path;
  return withoutTrailingSlash(posix.resolve(machine.cwd, expanded));
}

function chosenDataDir(
  config: Pick<Config, 'storage'>,
  machine: Pick<Machine, 'home' | 'cwd'>,
): string | undefined {
  const { dataDir, sqlitePath } = config.storage;
  if (dataDir !== undefined) return absolute(dataDir, machine);
  if (sqlitePath === undefined) return undefined;
  const path = absolute(sqlitePath, machine);
  return /\.(db|sqlite3?)$/i.test(path) ? posix.dirname(path) : path;
}

function debugSocketBeside(socketPath: string): string {
  return socketPath.endsWith('.sock')
    ? `${socketPath.slice(0, -'.sock'.length)}.debug.sock`
    : `${socketPath}.debug.sock`;
}

/** Twelve hex digits keep the socket path far below the limit of 107 bytes. */
function shortHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 12);
}

function xdg(machine: Machine, variable: string): string | undefined {
  const value = machine.env[variable];
  return value !== undefined && posix.isAbsolute(value) ? withoutTrailingSlash(value) : undefined;
}

function emptyAsUnset(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
