import { fstatSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { monitorEntry } from '../config/package-files.ts';
import { homeFolder } from '../protocol/home-folder.ts';
import { startFolder } from '../protocol/start-folder.ts';
import { CodiError } from '../protocol/errors.ts';
import type { CliIo } from './cli-io.ts';

/** The real surroundings of the CLI: the only file of it that touches `process`, besides the entry. */
export function processIo(): CliIo {
  const folder = startFolder(
    () => process.cwd(),
    // Node starts no thread in a folder that is gone.
    () => process.chdir('/'),
  );
  return {
    stdin: standardInput(),
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    get cwd() {
      return folder();
    },
    homeDir: homeFolder(),
    uid: process.geteuid?.() ?? -1,
    userName: userName(),
    pid: process.pid,
    isInForeground,
    nowMs: () => Date.now(),
    execPath: process.execPath,
    nodeVersion: process.versions.node,
    monitorEntry: fileURLToPath(monitorEntry()),
    onSignal: (signal, listener) => {
      process.on(signal, listener);
      return () => void process.off(signal, listener);
    },
    onExit: (listener) => {
      process.on('exit', listener);
      return () => void process.off('exit', listener);
    },
    setVariable: (name, value) => {
      process.env[name] = value;
    },
    kill: (pid, signal) => void process.kill(pid, signal),
  };
}

/** Node takes a folder for an empty input. */
function standardInput(): CliIo['stdin'] {
  if (!fstatSync(0).isDirectory()) return process.stdin;
  return new Readable({
    read() {
      this.destroy(new CodiError('CODI_USAGE', { reason: 'standard input is a folder' }));
    },
  });
}

/** A user id need not have a name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Behind the name in /proc/self/stat: state, parent, group, session, terminal, and the group in its foreground. */
function isInForeground(): boolean {
  try {
    const text = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , terminal, foreground] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return terminal !== '0' && group === foreground;
  } catch {
    return process.stdin.isTTY;
  }
}
