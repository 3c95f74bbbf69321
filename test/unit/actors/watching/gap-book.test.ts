import { FoundChanges } from '#codi/actors/watching/found-changes.js';
import { bytePathFromUtf8, type BytePath } from '#codi/protocol/byte-path.js';
import { beforeEach, describe, expect, it } from 'vitest';
import { found, GapWorld } from '../../../support/gaps.ts';

const ROOT = bytePathFromUtf8('/desk');
const OVERFLOW = { reason: 'overflow_suspected' } as const;

let world: GapWorld;

beforeEach(() => {
  world = new GapWorld();
});

function closeNow(doubt: Parameters<GapWorld['book']['close']>[1] = OVERFLOW, times = 1): void {
  world.book.reconciled(ROOT, doubt);
  world.book.close(ROOT, doubt, times);
}

describe('a gap', () => {
  it('is told when it opens and when it is over, with what was found and where that is', () => {
    world.lastSeq = 40;
    world.book.open(ROOT, { ...OVERFLOW, detail: '5000 hints at once' });
    const events = [found('create', 'a', 'native'), found('create', 'b'), found('delete', 'c')];
    const counted = world.book.count(ROOT, events);
    world.pass(500);
    world.book.reconciled(ROOT, OVERFLOW);
    expect(world.book.count(ROOT, [found('create', 'later')])).toBeDefined();
    counted?.(41);
    world.book.close(ROOT, OVERFLOW);
    expect(world.closed).toEqual([
      {
        gap: '1'.padStart(32, '0'),
        reason: 'overflow_suspected',
        detail: '5000 hints at once',
        opened: '1970-01-01T00:00:00.000Z',
        closed: '1970-01-01T00:00:00.500Z',
        after_seq: 40,
        found: { create: 1, delete: 1 },
        first_seq: 42,
        last_seq: 43,
        times: 1,
      },
    ]);
    expect(world.opened).toMatchObject([{ gap: world.closed[0]!.gap, after_seq: 40 }]);
    expect(world.book.of(ROOT)).toEqual([]);
  });

  it('is one row for a root, reason and path, however often it is suspected', () => {
    for (const path of [undefined, 'src', 'src', undefined])
      world.book.open(ROOT, {
        reason: 'unreadable',
        ...(path !== undefined && { path: path as BytePath }),
      });
    expect(world.opened).toMatchObject([{ reason: 'unreadable' }, { path: 'src' }]);
    closeNow({ reason: 'unreadable' }, 3);
    expect(world.closed).toMatchObject([{ times: 4 }]);
    expect(world.book.of(ROOT)).toMatchObject([{ path: 'src', times: 2 }]);
  });

  it('counts what is at and below its path only', () => {
    world.book.open(ROOT, { reason: 'unreadable', path: 'src' as BytePath });
    const moved = { ...found('move', 'other'), from: 'src/z' as BytePath };
    const events = [found('create', 'src/a'), found('create', 'srcs'), found('attrib', 'src')];
    world.book.count(ROOT, [...events, moved])?.(10);
    closeNow({ reason: 'unreadable', path: 'src' as BytePath });
    expect(world.closed).toMatchObject([
      { found: { create: 1, attrib: 1, move: 1 }, first_seq: 10, last_seq: 13 },
    ]);
  });

  it('does not count twice what the ledger had already', () => {
    world.book.open(ROOT, OVERFLOW);
    world.book.count(ROOT, [found('create', 'a')])?.(undefined);
    closeNow();
    expect(world.closed[0]).toMatchObject({ found: {} });
    expect(world.closed[0]).not.toHaveProperty('first_seq');
  });

  it('that is suspected anew before its end is committed stays open', () => {
    world.book.open(ROOT, OVERFLOW);
    world.book.reconciled(ROOT, OVERFLOW);
    world.book.open(ROOT, OVERFLOW);
    world.book.close(ROOT, OVERFLOW);
    expect([world.closed, world.book.of(ROOT).length]).toEqual([[], 1]);
  });
});

describe('a doubt that comes and goes', () => {
  it('is one longer row from the second time within a minute on, and the ledger is not flooded', () => {
    for (let round = 0; round < 3_600; round++) {
      world.book.open(ROOT, OVERFLOW);
      world.book.count(ROOT, [found('create', `f${round}`)])?.(round + 1);
      closeNow();
      world.pass(1_000);
    }
    world.pass(120_000);
    expect(world.opened.length).toBeLessThan(10);
    expect(world.closed).toHaveLength(world.opened.length);
    const sum = (of: (row: (typeof world.closed)[number]) => number) =>
      world.closed.reduce((total, row) => total + of(row), 0);
    expect([sum(({ times }) => times), sum(({ found: { create = 0 } }) => create)]).toEqual([
      3_600, 3_600,
    ]);
    expect(world.book.of(ROOT)).toEqual([]);
  });

  it('ends when it was over, not when that is written', () => {
    for (const _ of [1, 2]) {
      world.book.open(ROOT, OVERFLOW);
      closeNow();
    }
    expect(world.closed).toHaveLength(1);
    world.pass(1_000);
    expect(world.closed[1]).toMatchObject({ opened: world.closed[1]!.closed });
  });
});

describe('when nobody looks', () => {
  it('a root that was not known before is not in doubt', () => {
    world.book.begin(ROOT, undefined);
    expect(world.opened).toEqual([]);
  });

  it('a killed daemon leaves one gap, from when it was alive last until the first look is recorded', () => {
    world.pass(9_000);
    world.book.begin(ROOT, 4_000);
    world.book.count(ROOT, [found('create', 'a')])?.(8);
    world.book.closeInherited(ROOT);
    expect(world.reasons).toEqual({ opened: ['daemon_down'], closed: ['daemon_down'] });
    expect(world.closed).toMatchObject([
      { opened: '1970-01-01T00:00:04.000Z', found: { create: 1 }, first_seq: 8 },
    ]);
  });

  it('a move that the ledger knows by content is one change, and what follows has a smaller number', () => {
    world.book.begin(ROOT, 4_000);
    const events = [found('create', 'b'), found('delete', 'a'), found('update', 'c')];
    world.book.count(ROOT, events)?.(8, { moves: [{ created: 0, gone: 1 }], updates: [] });
    world.book.closeInherited(ROOT);
    expect(world.closed).toMatchObject([
      { found: { move: 1, update: 1 }, first_seq: 8, last_seq: 9 },
    ]);
    expect(world.closed[0]!.found).not.toHaveProperty('create');
  });

  it('an attrib that the ledger knows to be of other content is an update', () => {
    world.book.begin(ROOT, 4_000);
    const events = [found('create', 'b'), found('delete', 'a'), found('attrib', 'c')];
    const retold = { moves: [{ created: 0, gone: 1 }], updates: [1] };
    world.book.count(ROOT, events)?.(8, retold);
    world.book.closeInherited(ROOT);
    expect(world.closed[0]!.found).toEqual({ move: 1, update: 1 });
  });

  it('an orderly stop opens the gap, and the next daemon ends that same one', () => {
    world.book.leave(ROOT, 'daemon_down');
    const next = new GapWorld();
    const { gap } = world.opened[0]!;
    next.book.load([
      {
        gap,
        root: ROOT,
        reason: 'daemon_down',
        sinceMs: 5,
        afterSeq: 7,
        found: new FoundChanges({ found: { update: 2 }, firstSeq: 8, lastSeq: 9 }),
      },
    ]);
    next.book.begin(ROOT, 4_000);
    next.book.count(ROOT, [found('create', 'a')])?.(10);
    next.book.closeInherited(ROOT);
    expect(next.opened).toEqual([]);
    expect(next.closed).toMatchObject([
      { gap, found: { update: 2, create: 1 }, first_seq: 8, last_seq: 10 },
    ]);
  });

  it('a gap of a daemon that was killed meanwhile is ended beside the one of its end', () => {
    world.book.load([
      { gap: 'a', root: ROOT, ...OVERFLOW, sinceMs: 1, afterSeq: 0, found: new FoundChanges() },
    ]);
    world.book.begin(ROOT, 1);
    world.book.closeInherited(ROOT);
    expect(world.reasons).toEqual({
      opened: ['daemon_down'],
      closed: ['overflow_suspected', 'daemon_down'],
    });
  });

  it('what the new host finds in doubt as well goes on', () => {
    world.book.open(ROOT, { reason: 'poll' });
    world.book.open(ROOT, { reason: 'host_crashed' });
    world.book.begin(ROOT, 1);
    world.book.open(ROOT, { reason: 'poll' });
    world.book.closeInherited(ROOT);
    expect(world.reasons.closed).toEqual(['host_crashed', 'daemon_down']);
    expect(world.book.of(ROOT)).toMatchObject([{ reason: 'poll', times: 2 }]);
  });

  it('a removed path stays in doubt until it is watched again, without a second gap', () => {
    world.book.begin(ROOT, undefined);
    world.book.open(ROOT, { reason: 'not_watched' });
    world.book.leave(ROOT, 'watcher_restarted');
    world.book.leave(ROOT, 'daemon_down');
    world.book.begin(ROOT, 1);
    world.book.closeInherited(ROOT);
    expect(world.reasons).toEqual({ opened: ['not_watched'], closed: ['not_watched'] });
  });
});
