import { beforeAll, describe, expect, it } from 'vitest';
import { ReaderFixture } from '../support/reader-fixture.ts';

const fixture = new ReaderFixture();

beforeAll(() => {
  const levels = ['Trace', 'Debug', 'Info', 'Warn', 'Error'];
  fixture.log(
    Array.from({ length: 100 }, (_, at) => ({
      level: levels[at % 5],
      component: at % 2 === 0 ? 'even' : 'odd',
      message: at === 42 ? 'Deploy 100% DÖNE_now' : `entry ${at}`,
      metadata: at % 10 === 0 ? { user: at, ok: true, tags: ['a'] } : null,
      session_id: at % 25 === 0 ? 'S-1' : null,
      // Many in one second, and not in order of time.
      timestamp: `2025-01-01T00:00:${String((at * 7) % 10).padStart(2, '0')}.5Z`,
    })),
    'acme',
  );
});

type LogRow = { id: number; timestamp: string; message: string; level: string };
const logs = (filter: object, more: object = {}) =>
  fixture.allPages<LogRow>('queryLogs', { filter, limit: 7, ...more });

describe('querying logs', () => {
  it('gives rows as the wire has them, newest first', async () => {
    const page = await fixture.run('queryLogs', { filter: {}, limit: 3 });
    expect(page.rows).toHaveLength(3);
    expect(page.rows[0]).toMatchObject({
      timestamp: '2025-01-01T00:00:09.500Z',
      session_id: null,
      tenant_id: 'acme',
    });
    expect(page.next).toEqual(expect.any(String));
  });

  it('pages over everything once, in both orders, while new entries arrive', async () => {
    const before = 100;
    let added = 0;
    const addOne = () => {
      added += 1;
      fixture.log([{ message: `late ${added}`, timestamp: '2025-01-02T00:00:00Z' }]);
    };
    const newest = await fixture.allPages<LogRow>('queryLogs', { filter: {}, limit: 9 }, addOne);
    const ids = newest.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => id <= before)).toHaveLength(before);
    const times = newest.map(({ timestamp }) => timestamp);
    expect(times).toEqual([...times].sort().reverse());
    const until = '2025-01-01T12:00:00Z';
    const oldest = await logs({ until }, { order: 'oldest' });
    const keys = oldest.map(({ timestamp, id }) => `${timestamp} ${String(id).padStart(9, '0')}`);
    expect(keys).toEqual([...keys].sort());
    expect(keys).toHaveLength(before);
  });

  it('filters by severity or worse, component, session and time', async () => {
    const until = '2025-01-01T12:00:00Z';
    expect(await logs({ level: 'Warn', until })).toHaveLength(40);
    expect(await logs({ component: 'even', until })).toHaveLength(50);
    expect(await logs({ session_id: 'S-1' })).toHaveLength(4);
    expect(await logs({ session_id: 'S-1', level: 'Error' })).toHaveLength(0);
    // since belongs to the range, until does not.
    const range = { since: '2025-01-01T00:00:03.5Z', until: '2025-01-01T00:00:05.5Z' };
    expect(await logs(range)).toHaveLength(20);
  });

  it('finds text anywhere and in any case, wildcards and umlauts being letters', async () => {
    expect(await logs({ text: 'deploy 100%' })).toHaveLength(1);
    expect(await logs({ text: 'e_now' })).toHaveLength(1);
    expect(await logs({ text: 'döne' })).toHaveLength(1);
    expect(await logs({ text: '100_' })).toHaveLength(0);
    expect(await logs({ text: "' OR 1=1 --" })).toHaveLength(0);
  });

  it('compares metadata by value, numbers and texts alike', async () => {
    expect(await logs({ metadata: { user: 40 } })).toHaveLength(1);
    expect(await logs({ metadata: { user: '40', ok: true } })).toHaveLength(1);
    expect(await logs({ metadata: { ok: 'false' } })).toHaveLength(0);
    expect(await logs({ metadata: { tags: ['a'] } })).toHaveLength(10);
    expect(await logs({ metadata: { 'us"er': 1 } })).toHaveLength(0);
  });

  it('counts exactly when asked', async () => {
    const filter = { level: 'Error', until: '2025-01-01T12:00:00Z' };
    const page = await fixture.run('queryLogs', { filter, limit: 5, count: 'exact' });
    expect(page).toMatchObject({ totalCount: 20, totalIs: 'exact' });
    const without = await fixture.run('queryLogs', { filter, limit: 5 });
    expect(without).toMatchObject({ totalCount: 5 });
  });

  it('follows in order of id and says how far it looked', async () => {
    const page = await fixture.run('queryLogs', {
      filter: { after_id: 90, level: 'Error' },
      limit: 100,
    });
    expect(page.rows.map(({ id }) => id).filter((id) => id <= 100)).toEqual([95, 100]);
    expect(page.through).toBeGreaterThanOrEqual(100);
    const end = await fixture.run('queryLogs', { filter: { after_id: 1e9 }, limit: 1 });
    expect(end).toMatchObject({ rows: [], through: 1e9 });
  });

  it('cuts pages to what fits into a frame', async () => {
    const long = 'L'.repeat(200 * 1024);
    fixture.log(Array.from({ length: 8 }, () => ({ message: long, component: 'long' })));
    const page = await fixture.run('queryLogs', { filter: { component: 'long' }, limit: 100 });
    expect(page.rows.length).toBeLessThan(5);
    expect(await logs({ component: 'long' }, { limit: 100 })).toHaveLength(8);
  });

  it('goes on in slices through many entries that do not match', async () => {
    const many = Array.from({ length: 3_000 }, () => ({ component: 'noise' }));
    for (let at = 0; at < 2; at++) fixture.log(many);
    fixture.log([{ component: 'needle', timestamp: '2024-01-01T00:00:00Z' }]);
    expect(await logs({ component: 'needle' })).toHaveLength(1);
    expect(await logs({ component: 'needle' }, { order: 'oldest' })).toHaveLength(1);
    expect(await logs({ component: 'needle', after_id: 0 })).toHaveLength(1);
  });

  it('refuses a cursor of another query', async () => {
    const { next } = await fixture.run('queryLogs', { filter: {}, limit: 1 });
    const other = { filter: {}, limit: 1, order: 'oldest', cursor: next };
    await expect(fixture.run('queryLogs', other)).rejects.toMatchObject({
      code: 'CODI_CURSOR_INVALID',
    });
  });
});
