import { beforeEach, describe, expect, it } from 'vitest';
import { SessionBook } from '#codi/actors/coordination/session-book.js';
import { SessionLives, type ProcessState } from '#codi/actors/coordination/session-lives.js';
import { sessionsSpec, type SessionsPorts } from '#codi/actors/coordination/sessions.actor.js';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { CodiError } from '#codi/protocol/errors.js';
import type { StoredSession } from '#codi/workers/storage/state.messages.js';
import { ActorWorld } from '../../../support/actor-world.ts';

const HOUR = 3_600_000;
const PROCESS = { pid: 7, namespace: 'n', started: 'b/1' };

let world: ActorWorld;
let lives: SessionLives;
let worked: SessionBook;
let stored: StoredSession[];
let entries: Map<string, number>;
let closed: string[];
let refusal: CodiError | undefined;
let processIs: ProcessState;

const nowMs = () => world.environment.clock.nowMs();

function session(sessionId: string, more: Partial<StoredSession> = {}): StoredSession {
  return {
    sessionId,
    startedMs: 1_000,
    endedMs: null,
    metadata: '{"cwd":"/w"}',
    process: null,
    tenantId: null,
    userId: null,
    ...more,
  };
}

async function start(more: Partial<SessionsPorts> = {}): Promise<void> {
  world = await ActorWorld.start([
    sessionsSpec({
      lives,
      worked,
      keeper: {
        close: async (sessionId, by) => {
          if (refusal) throw refusal;
          closed.push(`${sessionId} ${by}`);
          lives.end(sessionId);
        },
      },
      list: async () => stored,
      lastEntryMs: async (sessionId) => entries.get(sessionId),
      stateOf: () => processIs,
      ...more,
    }),
  ]);
}

beforeEach(() => {
  lives = new SessionLives({
    timeoutMs: HOUR,
    processGraceMs: 2_000,
    returnMs: 60_000,
    looksMax: 10,
  });
  worked = new SessionBook(10);
  [stored, closed, entries, refusal, processIs] = [[], [], new Map(), undefined, 'alive'];
});

describe('sessions of before', () => {
  it('are known again, with their folders, also those that ended', async () => {
    stored = [session('runs', { startedMs: 5_000 }), session('over', { endedMs: 2_000 })];
    await start();
    const whose = (timeMs: number) => worked.sessionOf({ path: '/w/x' as BytePath, timeMs })?.id;
    expect([whose(1_500), whose(9_000)]).toEqual(['over', 'runs']);
    expect(lives.has('runs')).toBe(true);
    expect(lives.has('over')).toBe(false);
  });

  it('that were silent for too long get a minute to come back', async () => {
    stored = [session('quiet'), session('writes')];
    await start({
      lastEntryMs: async (sessionId) => (sessionId === 'writes' ? nowMs() - 1_000 : undefined),
    });
    await world.advance(59_000);
    expect(closed).toEqual([]);
    await world.advance(2_000);
    expect(closed).toEqual(['quiet timeout']);
  });

  it('keep nobody waiting when the state writer does not answer', async () => {
    let answer: (sessions: StoredSession[]) => void = () => undefined;
    const list = () => new Promise<StoredSession[]>((resolve) => (answer = resolve));
    const starting = start({ list });
    await starting;
    await world.advance(2_001);
    expect(world.system.tree().children[0]?.state).toBe('waiting');
    answer([session('late')]);
    await world.settle();
    expect(lives.has('late')).toBe(true);
  });
});

describe('a session that nobody ends', () => {
  it('is ended when its process is gone', async () => {
    await start();
    lives.begin('a', PROCESS, world.environment.clock.monotonicMs());
    await world.advance(5_000);
    expect(closed).toEqual([]);
    processIs = 'gone';
    await world.advance(4_000);
    expect(closed).toEqual(['a process']);
  });

  it('is ended when nothing was heard of it, unless the ledger has an entry of it', async () => {
    await start();
    lives.begin('a', undefined, world.environment.clock.monotonicMs());
    entries.set('a', nowMs() + HOUR / 2);
    await world.advance(HOUR + 2_000);
    expect(closed).toEqual([]);
    await world.advance(HOUR / 2);
    expect(closed).toEqual(['a timeout']);
  });

  it('is ended later when that cannot be written now, and forgotten when somebody else has ended it', async () => {
    await start();
    lives.begin('a', PROCESS, world.environment.clock.monotonicMs());
    processIs = 'gone';
    refusal = new CodiError('CODI_TRY_AGAIN', { reason: 'busy' });
    await world.advance(6_000);
    expect(lives.has('a')).toBe(true);
    refusal = new CodiError('CODI_SESSION_ENDED', { sessionId: 'a' });
    await world.advance(2_000);
    expect(lives.has('a')).toBe(false);
    expect(closed).toEqual([]);
  });

  it('is ended by the next incarnation when this one is killed', async () => {
    await start();
    lives.begin('a', PROCESS, world.environment.clock.monotonicMs());
    processIs = 'gone';
    await world.advance(1_000);
    await world.kill('sessions');
    await world.advance(4_000);
    expect(closed).toEqual(['a process']);
  });
});
