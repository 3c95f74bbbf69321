import { describe, expect, it } from 'vitest';
import {
  DEAD_LETTERS_LIMIT,
  DeadLetterStore,
  REPLAYS_LIMIT,
} from '#codi/supervisor/dead-letters.js';
import { VirtualClock } from '../../support/virtual-environment.ts';
import { Probe } from './probe.ts';

const roomy = { intensity: 100, periodMs: 1_000 };

describe('dead letters', () => {
  it('tell apart why nobody read them', async () => {
    const probe = new Probe();
    const mailbox = { limitCount: 1, limitBytes: 10, overflow: 'dropNew' as const };
    await probe.start({ children: [probe.worker('a', { mailbox }), probe.worker('b')], ...roomy });
    await probe.during(probe.system.terminateChild('root', 'b'));
    probe.send('b', { type: 'drained' });
    probe.send('ghost', { type: 'finish' });
    probe.send('a', { type: 'note', text: 'read' });
    probe.send('a', { type: 'note', text: 'too many' });
    expect(probe.system.deadLetters()).toMatchObject([
      { to: 'a', cause: 'overflow', type: 'note' },
      { to: 'ghost', cause: 'unknown', type: 'finish' },
      { to: 'b', cause: 'stopped', type: 'drained' },
    ]);
    expect(probe.system.deadLetterCounts()).toMatchObject({ kept: 3, overflow: 1, stopped: 1 });
    expect(probe.system.deadLetters(10, 'ghost')).toHaveLength(1);
  });

  it('of a mailbox that drops the old, or crashes, are the ones that were lost', async () => {
    const probe = new Probe();
    const limits = { limitCount: 1, limitBytes: 10 };
    await probe.start({
      children: [
        probe.worker('old', { mailbox: { ...limits, overflow: 'dropOld' } }),
        probe.worker('all', { mailbox: { ...limits, overflow: 'crash' } }),
      ],
      ...roomy,
    });
    probe.send('old', { type: 'finish' });
    probe.send('old', { type: 'drained' });
    probe.send('all', { type: 'finish' });
    probe.send('all', { type: 'drained' });
    expect(probe.system.deadLetters(10, 'old').map(({ type }) => type)).toEqual(['finish']);
    expect(probe.system.deadLetters(10, 'all').map(({ type }) => type)).toEqual([
      'drained',
      'finish',
    ]);
  });

  it('are sent again when they are replayed', async () => {
    const probe = new Probe();
    await probe.start({ children: [probe.worker('a', { name: 'other' })], ...roomy });
    await probe.during(probe.system.terminateChild('root', 'a'));
    probe.system.ref('other').send({ type: 'note', text: 'late' });
    await probe.during(probe.system.restartChild('root', 'a'));
    const [letter] = probe.system.deadLetters();
    expect(probe.system.replayDeadLetters([letter!.id, 4_711])).toEqual({
      queued: 1,
      failed: 0,
      exhausted: 0,
    });
    await probe.settle();
    expect(probe.journal.at(-1)).toBe('note a: late');
    expect(probe.system.deadLetters()).toEqual([]);
  });

  it('are replayed a few times only', async () => {
    const probe = new Probe();
    await probe.start({ children: [] });
    probe.send('ghost', { type: 'finish' });
    const replay = () =>
      probe.system.replayDeadLetters(probe.system.deadLetters().map(({ id }) => id));
    for (let count = 0; count < REPLAYS_LIMIT; count += 1) expect(replay().failed).toBe(1);
    expect(replay()).toEqual({ queued: 0, failed: 0, exhausted: 1 });
    expect(probe.system.deadLetters()).toMatchObject([{ replays: REPLAYS_LIMIT }]);
  });

  it('are forgotten, and counted, beyond a number and a size', () => {
    const store = new DeadLetterStore(new VirtualClock());
    for (let count = 0; count < DEAD_LETTERS_LIMIT + 5; count += 1)
      store.add('a', 'stopped', {}, 1);
    expect(store.counts()).toMatchObject({ kept: DEAD_LETTERS_LIMIT, forgotten: 5 });
    store.add('a', 'stopped', {}, 8 * 1024 * 1024);
    expect(store.counts().kept).toBe(1);
    store.add('a', 'stopped', {}, 9 * 1024 * 1024);
    expect(store.counts()).toMatchObject({ kept: 1, stopped: DEAD_LETTERS_LIMIT + 7 });
  });

  it('stay where they are when a mailbox that blocks has no room for them', () => {
    const store = new DeadLetterStore(new VirtualClock());
    store.add('a', 'stopped', { type: 'x' }, 1);
    expect(store.replay([1], () => 'dropped')).toMatchObject({ failed: 1 });
    expect(store.list(10)).toMatchObject([{ to: 'a', cause: 'stopped', replays: 1 }]);
    expect(store.counts().stopped).toBe(1);
  });
});

describe('a poison message', () => {
  async function poisoned(poison: object | undefined, texts: string[]) {
    const probe = new Probe();
    const seen: string[] = [];
    const spec = probe.worker('a', poison ? { poison: poison as never } : {}, {
      receive: (message) => {
        const { text } = message as { text: string };
        seen.push(text);
        if (text.startsWith('bad')) throw new Error(`cannot read ${text}`);
      },
    });
    await probe.start({ children: [spec], ...roomy });
    for (const text of texts) probe.send('a', { type: 'note', text });
    await probe.settle();
    return { probe, seen };
  }

  it('goes to the dead letters after so many crashes, and the actor goes on', async () => {
    const { probe, seen } = await poisoned({ maxCrashes: 3 }, ['good', 'bad', 'better']);
    expect(seen).toEqual(['good', 'bad', 'bad', 'bad', 'better']);
    expect(probe.node('a')).toMatchObject({ epoch: 4, state: 'idle' });
    expect(probe.system.deadLetters()).toMatchObject([{ to: 'a', cause: 'poison', type: 'note' }]);
    expect(probe.kinds()).toContain('quarantined');
  });

  it('is told by its key when it is sent anew each time', async () => {
    const key = (message: unknown) => (message as { text: string }).text.slice(0, 3);
    const { seen, probe } = await poisoned({ maxCrashes: 2, key }, ['bad 1', 'good']);
    expect(seen).toEqual(['bad 1', 'bad 1', 'good']);
    expect(probe.system.deadLetterCounts().poison).toBe(1);
  });

  it('is lost with its first crash where nobody asked for quarantine, as in OTP', async () => {
    const { seen } = await poisoned(undefined, ['bad', 'good']);
    expect(seen).toEqual(['bad', 'good']);
  });
});
