import { readFile } from 'node:fs/promises';
import { resolveConfigPath, resolvePaths } from '../config/paths.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/schema.ts';
import { CodiError } from '../protocol/errors.ts';
import { absolute } from '../protocol/places.ts';
import type { Machine } from '../protocol/places.ts';
import type { CliIo } from './cli-io.ts';
import type { GlobalOptions } from './global-options.ts';

/** Where the daemon is, and as whom this command speaks to it. */
export interface Endpoint extends Paths {
  identity: {
    sessionId: string | undefined;
    tenantId: string | undefined;
    userId: string | undefined;
  };
  /** Absolute; for commands that read the files themselves. */
  encryptionKeyFile: string | undefined;
  auditKeyFile: string | undefined;
}

/**
 * Finds sockets and data directory from flags, environment and configuration file. The file's schema
 * takes longer to load than most commands take to run: without a file only the few variables that
 * matter here are read.
 *
 * @throws CodiError CODI_CONFIG
 */
export async function findEndpoint(io: CliIo, globals: GlobalOptions): Promise<Endpoint> {
  const machine = machineOf(io);
  const file = await readConfigFile(machine, globals.config);
  const config = file
    ? await configFromFile(io, globals, file)
    : configFromEnvironment(io.env, globals);
  const { sessionId, tenantId, userId } = config.general;
  const paths = resolvePaths(config as unknown as Config, machine, globals.config);
  const { encryptionKeyFile: keyFile } = config.storage;
  const encryptionKeyFile = keyFile === undefined ? undefined : absolute(keyFile, machine);
  const { keyFile: signs } = config.audit;
  const auditKeyFile = signs === undefined ? undefined : absolute(signs, machine);
  return { ...paths, identity: { sessionId, tenantId, userId }, encryptionKeyFile, auditKeyFile };
}

/** What the paths depend on beside the configuration. */
export function machineOf(io: CliIo): Machine {
  return {
    home: io.homeDir,
    uid: io.uid,
    get cwd() {
      return io.cwd;
    },
    env: io.env,
  };
}

/**
 * The text of the configuration file; undefined when there is none and none was named.
 *
 * @throws CodiError CODI_CONFIG
 */
export async function readConfigFile(
  machine: Machine,
  flag: string | undefined,
): Promise<{ path: string; text: string } | undefined> {
  const { path, isNamed } = resolveConfigPath(machine, flag);
  try {
    return { path, text: await readFile(path, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    if (isAbsent && !isNamed) return undefined;
    const reason = isAbsent ? `there is no file ${path}` : message;
    throw new CodiError('CODI_CONFIG', { reason }, { cause: error });
  }
}

/** The global flags as settings. */
export function flagSettings(globals: GlobalOptions): Record<string, string> {
  return {
    ...(globals.dataDir !== undefined && { 'storage.data_dir': globals.dataDir }),
    ...(globals.socket !== undefined && { 'monitor.unix_socket_path': globals.socket }),
  };
}

type EndpointConfig = {
  general: { sessionId?: string; tenantId?: string; userId?: string };
  storage: { dataDir?: string; sqlitePath?: string; encryptionKeyFile?: string };
  monitor: { unixSocketPath?: string };
  debug: { socketPath?: string };
  audit: { keyFile?: string };
};

async function configFromFile(
  io: CliIo,
  globals: GlobalOptions,
  file: { path: string; text: string },
): Promise<EndpointConfig> {
  const [{ loadConfig }, { describeProblem }] = await Promise.all([
    import('../config/load.ts'),
    import('../config/problem.ts'),
  ]);
  const result = loadConfig({ file, env: io.env, flags: flagSettings(globals) });
  if (result.ok) return result.config as EndpointConfig;
  const [first] = result.errors;
  const more = result.errors.length - 1;
  const reason =
    (first ? describeProblem(first) : 'unknown') + (more > 0 ? ` (and ${more} more)` : '');
  throw new CodiError('CODI_CONFIG', { reason });
}

function configFromEnvironment(env: CliIo['env'], globals: GlobalOptions): EndpointConfig {
  const pick = (...names: string[]) => names.map((name) => env[name]).find((value) => value);
  const set = <Key extends string>(key: Key, value: string | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [K in Key]?: string };
  return {
    general: {
      ...set('sessionId', pick('CODI_GENERAL_SESSION_ID', 'CODI_SESSION_ID', 'SESSION_ID')),
      ...set('tenantId', pick('CODI_GENERAL_TENANT_ID', 'CODI_TENANT_ID', 'TENANT_ID')),
      ...set('userId', pick('CODI_GENERAL_USER_ID', 'CODI_USER_ID', 'USER_ID')),
    },
    storage: {
      ...set('dataDir', globals.dataDir ?? pick('CODI_STORAGE_DATA_DIR', 'CODI_DATA_DIR')),
      ...set('sqlitePath', pick('CODI_STORAGE_SQLITE_PATH')),
      ...set('encryptionKeyFile', pick('CODI_STORAGE_ENCRYPTION_KEY_FILE')),
    },
    monitor: {
      ...set(
        'unixSocketPath',
        globals.socket ?? pick('CODI_MONITOR_UNIX_SOCKET_PATH', 'CODI_SOCKET'),
      ),
    },
    debug: { ...set('socketPath', pick('CODI_DEBUG_SOCKET_PATH')) },
    audit: { ...set('keyFile', pick('CODI_AUDIT_KEY_FILE')) },
  };
}
