import { posix } from 'node:path';

import {
  absolute,
  defaultDataDir,
  socketPathOf,
  spoolDirOf,
  xdgFolder,
} from '../protocol/places.ts';
import type { Machine, Places } from '../protocol/places.ts';
import type { Config } from './schema.ts';

export interface Paths extends Places {
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
  const base = xdgFolder(machine, 'XDG_CONFIG_HOME') ?? posix.join(machine.home, '.config');
  return { path: posix.join(base, 'codi', 'config.toml'), isNamed: false };
}

/** Where a daemon with this configuration lives. Data directory and socket are one decision. */
export function resolvePaths(
  config: Pick<Config, 'storage' | 'monitor' | 'debug'>,
  machine: Machine,
  configFlag?: string,
): Paths {
  const dataDir = chosenDataDir(config, machine) ?? defaultDataDir(machine);
  const named = config.monitor.unixSocketPath;
  const socketPath =
    named === undefined ? socketPathOf(dataDir, machine) : absolute(named, machine);
  const debugNamed = config.debug.socketPath;
  return {
    dataDir,
    socketPath,
    spoolDir: spoolDirOf(dataDir),
    debugSocketPath:
      debugNamed === undefined ? debugSocketBeside(socketPath) : absolute(debugNamed, machine),
    configPath: resolveConfigPath(machine, configFlag).path,
    runtimeDir: posix.dirname(socketPath),
  };
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

function emptyAsUnset(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
