#!/usr/bin/env node
/** `codi-monitor`: runs the daemon without a view, for service managers and for `codi up`. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import { KEY_VARIABLE, NEW_KEY_VARIABLE, readEncryptionKey } from './config/encryption-key.ts';
import { eventLogPlan } from './config/event-log-plan.ts';
import { exportPlan } from './config/export-plan.ts';
import { loadConfig, type ConfigResult } from './config/load.ts';
import { resolveConfigPath, resolvePaths } from './config/paths.ts';
import type { Config } from './config/schema.ts';
import { assertNoAddonAborts } from './config/sqlite-addon.ts';
import { keepYoungGenerationsSmall } from './config/heap-flags.ts';
import { startDaemon, type Daemon, type DaemonOptions } from './main.ts';
import { packageVersion } from './config/package-files.ts';
import { homeFolder } from './protocol/home-folder.ts';
import { startFolder } from './protocol/start-folder.ts';
import { absolute, type Machine } from './protocol/places.ts';
import { openPeerUsers } from './protocol/peer-user.ts';
import { bytePathFromUtf8 } from './protocol/byte-path.ts';
import { CodiError, exitCodeOf, isCodiError } from './protocol/errors.ts';
import { trimWhenIdle } from './supervisor/idle-trim.ts';
import { nodeEnvironment, ownerOfCurrentContext } from './supervisor/index.ts';
import { createTelemetry, type TelemetryHub } from './telemetry/telemetry.ts';

const USAGE = `Usage: codi-monitor [options] [path...]

Watches the paths, takes log entries and answers questions, without a view.
Stored paths (codi watch add) are watched as well.

Options:
  --data-dir <dir>   where the ledger lives (CODI_DATA_DIR)
  --socket <path>    Unix socket to listen on (CODI_SOCKET)
  --config <file>    configuration file (CODI_CONFIG)
  --poll             look through the paths given here every monitor.poll_interval
  --version          print the version
  --help             print this help

Examples:
  codi-monitor /srv/work
  codi-monitor --data-dir /var/lib/codi /srv/work
`;

/** What the parent process is told when this one was started with an IPC channel (by \`codi up\`). */
type Announcement =
  | {
      type: 'ready';
      pid: number;
      version: string;
      socketPath: string;
      dataDir: string;
      roots: string[];
      files: number;
      httpUrl: string | undefined;
      readyMs: number;
    }
  | { type: 'actor'; path: string; event: 'restarted'; reason: string; afterMs: number }
  | { type: 'stopped'; durationMs: number; entries: number; unstopped: string[] }
  | { type: 'failed'; error: object };

const EXIT_SOFTWARE = 70;
const startedAtMs = performance.now();
// What the daemon writes is its user's alone, also inside a directory that somebody opens up later.
process.umask(0o077);
trimWhenIdle(() => process.cpuUsage());
keepYoungGenerationsSmall();

const announce = (announcement: Announcement) => {
  if (process.connected) process.send?.(announcement);
};

function readOptions() {
  try {
    const parsed = parseArgs({
      allowPositionals: true,
      options: {
        'data-dir': { type: 'string' },
        socket: { type: 'string' },
        config: { type: 'string' },
        poll: { type: 'boolean' },
        json: { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    for (const [name, value] of Object.entries(parsed.values))
      if (value === '') throw new Error(`--${name} needs a path, not an empty text`);
    return parsed;
  } catch (error) {
    throw new CodiError('CODI_USAGE', { reason: (error as Error).message });
  }
}

function readConfig(machine: Machine, values: { config?: string }, flags: object): ConfigResult {
  const { path, isNamed } = resolveConfigPath(machine, values.config);
  let text: string | undefined;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (isNamed || (code !== 'ENOENT' && code !== 'ENOTDIR'))
      throw new CodiError('CODI_CONFIG', { reason: (error as Error).message });
  }
  return loadConfig({
    ...(text !== undefined && { file: { path, text } }),
    env: process.env,
    flags: { ...flags },
  });
}

/** Reads where it was started, and goes from there. */
function machineHere(uid: number): Machine {
  const folder = startFolder(() => process.cwd());
  // Node starts no thread in a folder that is gone, and a file system that somebody is in cannot be unmounted.
  process.chdir('/');
  return {
    home: homeFolder(),
    uid,
    get cwd() {
      return folder();
    },
    env: process.env,
  };
}

/** After it the key is in no environment that threads and children get. */
function takeEncryptionKey(keyFile: string | undefined, machine: Machine): Uint8Array | undefined {
  const text = process.env[KEY_VARIABLE];
  delete process.env[KEY_VARIABLE];
  delete process.env[NEW_KEY_VARIABLE];
  const file = keyFile === undefined ? undefined : absolute(keyFile, machine);
  return readEncryptionKey({ file, text, uid: machine.uid });
}

/** Paths of the ways in beside the Unix socket. */
function doorFiles(
  { legacySocketPath, tlsCertFile, tlsKeyFile = tlsCertFile }: Config['monitor'],
  machine: Machine,
): Pick<DaemonOptions, 'legacySocketPath' | 'tlsFiles'> {
  const pick = (path: string | undefined) =>
    path === undefined ? undefined : absolute(path, machine);
  const [legacy, certFile, keyFile] = [legacySocketPath, tlsCertFile, tlsKeyFile].map(pick);
  return {
    ...(legacy !== undefined && { legacySocketPath: legacy }),
    ...(certFile !== undefined && keyFile !== undefined && { tlsFiles: { certFile, keyFile } }),
  };
}

async function main(): Promise<void> {
  const { values, positionals } = readOptions();
  const version = packageVersion();
  if (values.help) return void process.stdout.write(USAGE);
  if (values.version) return void process.stdout.write(`${version}\n`);
  assertNoAddonAborts(process.versions.node);

  const uid = process.getuid?.() ?? 0;
  const machine = machineHere(uid);
  const loaded = readConfig(machine, values, {
    ...(values['data-dir'] && { 'storage.data_dir': values['data-dir'] }),
    ...(values.socket && { 'monitor.unix_socket_path': values.socket }),
  });
  if (!loaded.ok) {
    const reason = loaded.errors.map(({ place, message }) => `${place}: ${message}`).join('; ');
    throw new CodiError('CODI_CONFIG', { reason });
  }
  const { config, warnings } = loaded;
  const encryptionKey = takeEncryptionKey(config.storage.encryptionKeyFile, machine);
  const environment = nodeEnvironment();
  const telemetry = createTelemetry({
    destination: 'stderr',
    level: config.general.logLevel,
    clock: environment.clock,
  });
  for (const { key, message } of warnings) telemetry.emit('ConfigWarning', { key, message });

  const { workspace } = config.general;
  const watched = positionals.length > 0 || workspace === undefined ? positionals : [workspace];
  const { keyFile } = config.audit;
  const paths = resolvePaths(config, machine, values.config);
  const daemon = await startDaemon({
    config,
    ...paths,
    roots: watched.map((path) => ({
      path: bytePathFromUtf8(absolute(path, machine)),
      recursive: true,
      patterns: [],
      isPolled: values.poll === true,
    })),
    exportPlan: exportPlan(config, machine),
    eventLogs: eventLogPlan(config, paths.dataDir, machine),
    environment,
    telemetry,
    version,
    pid: process.pid,
    uid,
    readPeerUser: (await openPeerUsers(process.platform)).read,
    ...doorFiles(config.monitor, machine),
    audit: {
      origin: config.audit.origin ?? `codi.local/${hostname().replace(/[\s+/]+/gu, '-')}`,
      ...(keyFile !== undefined && { keyFile: absolute(keyFile, machine) }),
    },
    encryptionKey,
  });
  run(daemon, telemetry, config.shutdown.deadlineMs);

  await daemon.settled;
  announce({
    type: 'ready',
    pid: process.pid,
    version,
    socketPath: paths.socketPath,
    dataDir: paths.dataDir,
    ...daemon.watched(),
    httpUrl: daemon.httpUrl,
    readyMs: Math.round(performance.now() - startedAtMs),
  });
}

/** Signals, the parent's end and the root's giving up all lead to the one way out: drain, stop, exit. */
function run(daemon: Daemon, telemetry: TelemetryHub, deadlineMs: number): void {
  let isStopping = false;
  const stop = async (exitCode: number) => {
    if (isStopping) return;
    isStopping = true;
    // What does not drain in time is found again from the ledger; hanging for ever helps nobody.
    setTimeout(() => process.exit(exitCode || EXIT_SOFTWARE), deadlineMs + 1_000).unref();
    const report = await daemon.stop();
    announce({ type: 'stopped', ...report });
    await telemetry.flush();
    process.exit(exitCode);
  };
  const stopLogged = (exitCode: number) => void stop(exitCode).catch(fail);
  process.on('SIGTERM', () => stopLogged(0));
  process.on('SIGINT', () => stopLogged(0));
  process.on('disconnect', () => stopLogged(0));
  // Without a handler they would end it at once. They come from terminals that close, and from a group it is in.
  for (const signal of ['SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => {});
  daemon.onRestart(({ path, reason, afterMs }) =>
    announce({ type: 'actor', path, event: 'restarted', reason, afterMs }),
  );
  void daemon.ended.then(() => stopLogged(EXIT_SOFTWARE));
}

function fail(error: unknown): never {
  const known = isCodiError(error)
    ? error
    : new CodiError('CODI_INTERNAL', { reason: String(error) }, { cause: error });
  const isOutOfFiles = known.code === 'CODI_INTERNAL' && /\bE[MN]FILE\b/.test(known.message);
  const failure = isOutOfFiles
    ? new CodiError('CODI_DESCRIPTORS_EXHAUSTED', { reason: known.message }, { cause: error })
    : known;
  announce({ type: 'failed', error: failure.toWire() });
  process.stderr.write(`error: ${failure.message} (${failure.code})\n`);
  if (failure.hint) process.stderr.write(`  ${failure.hint}\n`);
  if (failure.code === 'CODI_INTERNAL' && !isCodiError(error))
    process.stderr.write(`${(error as Error)?.stack ?? ''}\n`);
  process.exit(exitCodeOf(failure));
}

// What no callback of an actor caught still belongs to the actor in whose turn it was started.
const attribute = (error: unknown) => {
  const owner = ownerOfCurrentContext();
  if (owner) owner.crash(error);
  else fail(error);
};
process.on('uncaughtException', attribute);
process.on('unhandledRejection', attribute);

main().catch(fail);
