import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { joinFitting } from '#codi/cli/fitting-parts.js';
import { textWidth } from '#codi/cli/text-width.js';
import { FakeDaemon } from '../../support/fake-daemon.ts';
import { runInProcess } from '../../support/cli-harness.ts';

const row = (id: number) => ({
  id,
  timestamp: '2026-03-10T14:00:00Z',
  level: 'Info',
  component: 'c',
  message: `m${id}`,
});

describe('following', () => {
  let daemon: FakeDaemon;

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
    daemon.answers['QueryLogs'] = () => ({
      kind: 'LogResults',
      body: { entries: [row(7)], total_count: 7 },
    });
    daemon.answers['QueryEvents'] = () => ({ kind: 'EventResults', body: { events: [] } });
    daemon.answers['Health'] = () => ({
      kind: 'Status',
      body: { components: [], uptime: { secs: 1, nanos: 0 } },
    });
  });

  afterEach(() => daemon.stop());

  const follow = (...line: string[]) => {
    const signals = new EventEmitter();
    let seen = '';
    const run = runInProcess(line, {
      socketPath: daemon.socketPath,
      signals,
      onOutput: (text) => (seen += text),
    });
    const shows = (text: string) => expect.poll(() => seen, { timeout: 10_000 }).toContain(text);
    return { run, signals, shows };
  };
  const pushed = async (count: number, id: number) => {
    await expect.poll(() => daemon.of('Follow').length, { timeout: 10_000 }).toBe(count);
    const request_id = daemon.of('Follow').at(-1)?.id;
    const body = { request_id, entries: [row(id)], total_count: 1 };
    for (const connection of daemon.connections) connection.send('LogResults', body);
  };

  it('tail -f begins behind what it showed and ends quietly at Ctrl-C', async () => {
    const { run, signals, shows } = follow('tail', '-f');
    await pushed(1, 8);
    await shows('m8');
    signals.emit('SIGINT');
    const { exitCode, out, notes } = await run;
    expect({ exitCode, notes }).toEqual({ exitCode: 0, notes: '' });
    expect(out.match(/m\d/g)).toEqual(['m7', 'm8']);
    expect(daemon.of('Follow')[0]?.body).toMatchObject({
      streams: ['logs', 'events'],
      from: { logs: 7, events: 0 },
    });
  });

  it('tail -f goes on behind the last row when the daemon restarts', async () => {
    const { run, signals, shows } = follow('tail', '-f', '-n', '0');
    await pushed(1, 8);
    await shows('m8');
    await daemon.crash();
    await daemon.listen();
    await pushed(2, 9);
    await shows('m9');
    expect(daemon.of('Follow')[1]?.body.from).toEqual({ logs: 8, events: 0 });
    signals.emit('SIGTERM');
    const { exitCode, notes } = await run;
    expect(exitCode).toBe(0);
    expect(notes).toBe('the daemon went away; waiting for it\nthe daemon is back\n');
  });

  it('tail -f passes on a refusal', async () => {
    daemon.script = ({ kind }) =>
      kind === 'Follow'
        ? { kind: 'Error', body: { code: 'CODI_NOT_PERMITTED', message: 'no', retryable: false } }
        : undefined;
    expect((await follow('tail', '-f').run).exitCode).toBe(77);
  });

  it('query --follow keeps its filter', async () => {
    const { run, signals, shows } = follow('query', '--level', 'info', '--follow', '--json');
    await pushed(1, 8);
    await shows('"m8"');
    expect(daemon.of('Follow')[0]?.body).toMatchObject({
      streams: ['logs'],
      log_filter: { level: 'Info' },
      from: { logs: 7 },
    });
    signals.emit('SIGINT');
    expect((await run).json()).toHaveLength(2);
  });
});

describe('a line of parts', () => {
  it('shortens its longest paths first, and only as far as needed', () => {
    const long = `/home/ana/${'deep/'.repeat(20)}shop`;
    const parts = ['codi 0.1.0', { path: long }, { before: 'data ', path: '~/.local/state/codi' }];
    expect(joinFitting(parts, undefined)).toContain(long);
    const line = joinFitting(parts, 80);
    expect(textWidth(line)).toBe(80);
    expect(line).toContain('~/.local/state/codi');
    expect(textWidth(joinFitting(parts, 30))).toBeLessThanOrEqual(30);
  });
});
