import fc from 'fast-check';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { runInProcess } from '../support/cli-harness.ts';

const WRITERS = 3;

let place: DaemonPlace;
let daemon: RunningDaemon;

beforeEach(async () => {
  place = newPlace();
  daemon = await startDaemon(place);
});

afterEach(async () => {
  await daemon.kill();
  place.remove();
});

/** Entries whose times say nothing about the order in which they come. */
async function write(writer: string, count: number, hours: readonly number[]): Promise<string[]> {
  const client = await daemon.client();
  const messages = Array.from({ length: count }, (_, at) => `${writer}-${at}`);
  await Promise.all(
    messages.map((message, at) => {
      const hour = String(hours[at % hours.length]).padStart(2, '0');
      const timestamp = `2025-01-01T${hour}:00:00Z`;
      return client.log({ level: 'Info', component: 'w', message, timestamp });
    }),
  );
  await client.close();
  return messages;
}

describe('codi query --follow', { timeout: 180_000 }, () => {
  it('shows each entry once, whatever its time, beside writers and over a restart', async () => {
    const hours = fc.sample(fc.integer({ min: 0, max: 23 }), 50);
    const written = [...(await write('before', 500, hours))];
    let seen = '';
    const signals = new EventEmitter();
    // While history is being paged, writers go on.
    const writing = Promise.all(
      Array.from({ length: WRITERS }, (_, at) => write(`beside-${at}`, 700, hours)),
    );
    const run = runInProcess(['query', '--follow', '--json', '--component', 'w'], {
      socketPath: place.socketPath,
      signals,
      onOutput: (text) => (seen += text),
    });
    written.push(...(await writing).flat());
    const shows = (message: string) =>
      expect.poll(() => seen.includes(`"${message}"`), { timeout: 60_000 }).toBe(true);
    await shows(`beside-${WRITERS - 1}-699`);
    await daemon.kill();
    daemon = await startDaemon(place);
    written.push(...(await write('after', 300, hours)));
    for (const message of written) await shows(message);
    signals.emit('SIGINT');
    const shown = (await run).json().map((row) => row['message']);
    expect(shown).toHaveLength(written.length);
    expect(new Set(shown)).toEqual(new Set(written));
  });
});

describe('codi tail -f', { timeout: 180_000 }, () => {
  it('begins behind what was recorded, also when older entries carry later times', async () => {
    await write('future', 1, [23]);
    await write('past', 40, [1]);
    let seen = '';
    const signals = new EventEmitter();
    const run = runInProcess(['tail', '-f', '-n', '5', '--json'], {
      socketPath: place.socketPath,
      signals,
      onOutput: (text) => (seen += text),
    });
    await expect.poll(() => seen, { timeout: 30_000 }).toContain('future-0');
    await write('live', 2, [0]);
    await expect.poll(() => seen, { timeout: 30_000 }).toContain('live-1');
    signals.emit('SIGINT');
    const shown = (await run).json().map((row) => String(row['message']));
    expect(shown).toHaveLength(7);
    expect(shown.slice(-3).toSorted()).toEqual(['future-0', 'live-0', 'live-1']);
  });
});
