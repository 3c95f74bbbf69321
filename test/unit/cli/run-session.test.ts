import { expect, test } from 'vitest';
import { RunSession } from '#codi/cli/run/run-session.js';
import { CodiError } from '#codi/protocol/errors.js';

const IDENTITY = { sessionId: 's-1', identity: 'ana', agentType: undefined, metadata: {} };

/** A client that has room for so many lines, and an invocation that keeps what is said. */
function world(room: number) {
  const logged: { message: string; metadata: unknown }[] = [];
  const sent: [string, Record<string, unknown>][] = [];
  const notes: string[] = [];
  const client = {
    mode: 'connected',
    log: (entry: { message: string; metadata: unknown }) => {
      if (logged.length >= room) return Promise.reject(new CodiError('CODI_OVERLOADED'));
      logged.push(entry);
      return Promise.resolve();
    },
    send: async (kind: string, body: Record<string, unknown>) => {
      sent.push([kind, body]);
      return 'ledger';
    },
    request: async () => ({}),
    flush: async () => undefined,
    close: async () => undefined,
  };
  const invocation = {
    io: { cwd: '/shop', pid: 1 },
    connect: async () => client,
    note: async (text: string) => void notes.push(text),
    noteSpooled: async (what: string) => void notes.push(`spooled: ${what}`),
  };
  return { session: new RunSession(invocation as never, IDENTITY), logged, sent, notes };
}

test('Lines that find no room are counted and said, once, and keep nothing else from being recorded.', async () => {
  const { session, logged, sent, notes } = world(2);
  await session.start(['make']);
  for (let line = 1; line <= 5; line++) session.logLine('/usr/bin/make', 'stdout', `line ${line}`);
  await session.end({ code: 0, signal: null });
  expect(logged.map(({ message }) => message)).toEqual(['line 1', 'line 2']);
  expect(logged[0]).toMatchObject({ component: 'make', metadata: { stream: 'stdout' } });
  expect(notes).toEqual(['3 lines of output could not be logged']);
  expect(sent.map(([kind]) => kind)).toEqual(['SessionStart', 'SessionEnd']);
  expect(sent[1]![1]).toMatchObject({ ended_by: 'run', exit_code: 0 });
});

test('One line is one line, and none is not worth a word.', async () => {
  for (const [room, said] of [
    [0, ['1 line of output could not be logged']],
    [1, []],
  ] as const) {
    const { session, notes } = world(room);
    await session.start(['make']);
    session.logLine('make', 'stderr', 'only');
    await session.end({ code: null, signal: 'SIGKILL' });
    expect(notes).toEqual(said);
  }
});
