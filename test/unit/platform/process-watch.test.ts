import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { processIdentity } from '#codi/client/process-identity.js';
import { identifyProcess, processState } from '#codi/platform/process-watch.js';
import { readProcessStat } from '#codi/protocol/session-process.js';

const isLinux = process.platform === 'linux';

it('A process is alive until it is over, and another one with its number is not it.', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)']);
  await once(child, 'spawn');
  const known = processIdentity(child.pid!);
  expect(processState(identifyProcess(known))).toBe('alive');
  if (isLinux) {
    expect(identifyProcess({ pid: child.pid!, namespace: null, started: null })).toEqual(known);
    expect(processState({ ...known, started: 'another boot/1' })).toBe('gone');
    expect(processState({ ...known, namespace: 'pid:[1]' })).toBe('unknown');
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processState(identifyProcess(known))).toBe('gone');
  const late = identifyProcess({ pid: child.pid!, namespace: null, started: null });
  expect(processState(late)).toBe('gone');
});

it('The start of a process is found behind a name of any characters.', () => {
  const fields = Array.from({ length: 49 }, (_, index) => String(index + 4));
  const line = `7 (a) b) c) S ${fields.join(' ')}`;
  expect(readProcessStat(line)).toEqual({ state: 'S', startTicks: '22' });
  expect(readProcessStat('')).toBeUndefined();
  expect(readProcessStat('7 (a) S 1')).toBeUndefined();
});
