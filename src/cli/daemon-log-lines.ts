import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { CodiError } from '../protocol/errors.ts';
import { showClock } from './clock-text.ts';
import { daemonLogPath } from './daemon-log.ts';
import { untilInterrupted } from './interruption.ts';
import type { Invocation } from './invocation.ts';
import { safeText } from './safe-text.ts';

const TAIL_BYTES = 1024 * 1024;
const POLL_MS = 250;
const HIDDEN = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'v']);
const LEVEL_NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** Prints the last lines of the daemon's log; returns where it ended. */
export async function printLog(count: number, invocation: Invocation): Promise<number> {
  const file = await openLog(invocation);
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - TAIL_BYTES);
    const text = await readFrom(file, from, size);
    const lines = text.split('\n').filter((line) => line !== '');
    const shown = count === 0 ? [] : lines.slice(-count);
    for (const line of shown) await invocation.out.line(logText(line, invocation));
    await invocation.out.flush();
    return size;
  } finally {
    await file.close();
  }
}

/** Prints what is appended, until it is interrupted; a log that began anew is read from its start. */
export async function followLog(startBytes: number, invocation: Invocation): Promise<void> {
  await untilInterrupted(invocation, async (signal) => {
    let at = startBytes;
    let rest = '';
    while (!signal.aborted) {
      const file = await openLog(invocation);
      try {
        const { size } = await file.stat();
        if (size < at) at = 0;
        const lines = (rest + (await readFrom(file, at, size))).split('\n');
        rest = lines.pop() ?? '';
        at = size;
        for (const line of lines) await invocation.out.line(logText(line, invocation));
        await invocation.out.flush();
      } finally {
        await file.close();
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
}

async function openLog(invocation: Invocation): Promise<FileHandle> {
  const path = daemonLogPath((await invocation.endpoint()).dataDir);
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const what = `log at ${path}`;
    const hint = 'only a daemon started by `codi daemon start` or `codi up` writes one';
    throw new CodiError('CODI_NOT_FOUND', { what }, { hint, cause: error });
  }
}

async function readFrom(file: FileHandle, from: number, to: number): Promise<string> {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  const { bytesRead } = await file.read(bytes, 0, bytes.length, from);
  return bytes.subarray(0, bytesRead).toString('utf8');
}

function logText(line: string, { globals, io }: Invocation): string {
  if (globals.json) return line;
  const row = parseLine(line);
  if (!row) return safeText(line);
  const level = LEVEL_NAMES[Number(row['level'])] ?? String(row['level']);
  const clock = showClock(toTime(row['time']), io.nowMs());
  const rest = Object.entries(row)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${wordsOf(value)}`);
  return safeText([clock, level.padEnd(6), wordsOf(row['msg']), ...rest].join('  '));
}

function toTime(value: unknown): string {
  const at = typeof value === 'number' ? new Date(value) : new Date(String(value));
  return Number.isNaN(at.getTime()) ? String(value) : at.toISOString();
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function wordsOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
