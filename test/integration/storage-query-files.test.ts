import { beforeAll, describe, expect, it } from 'vitest';
import { bytePathFromBuffer, type BytePath } from '#codi/protocol/byte-path.js';
import type { IndexRow } from '#codi/protocol/file-event.js';
import { unpackIndex, type IndexPage } from '#codi/protocol/index-page.js';
import { StateStore } from '#codi/workers/storage/state-store.js';
import { fileEvent, stat } from '../support/ledger-store.ts';
import { readerPool, ReaderFixture } from '../support/reader-fixture.ts';

const ROOT = '/home/ana/shop' as BytePath;
const ODD_ROOT = bytePathFromBuffer(Buffer.from('/w/\xff', 'latin1'));
const fixture = new ReaderFixture();

describe('querying file events and files', () => {
  beforeAll(() => {
    const open = { type: 'openRoot', batch: 0, rootPath: ROOT } as const;
    fixture.ledger.store.commit([open, { ...open, rootPath: ODD_ROOT }], 10_000_000);
    const first = Array.from({ length: 50 }, (_, at) =>
      fileEvent('create', `src/f${String(at).padStart(2, '0')}.ts`, { seconds: 9_000 }),
    );
    const second = [
      fileEvent('create', 'src', { kind: 'dir', seconds: 20_000 }),
      fileEvent('create', 'src-old/x.md', { seconds: 20_000 }),
      fileEvent('create', 'app/[id]/p.tsx', { seconds: 20_000 }),
      fileEvent('move', 'docs/\xff.md', {
        from: 'src/f00.ts' as BytePath,
        seconds: 20_001,
        nanos: 5,
      }),
      fileEvent('delete', 'src/f01.ts', { seconds: 20_001 }),
    ];
    const batchOf = (sequence: number, events: typeof first) =>
      ({ type: 'fileEvents', batch: 1, rootId: 1, rootPath: ROOT, sequence, events }) as const;
    fixture.ledger.store.commit([batchOf(1, first)], 10_000_000);
    fixture.ledger.store.commit([batchOf(2, second)], 20_002_000);
    const odd = fileEvent('create', 'x', { stat: stat({ ino: 2n ** 64n - 1n, mtimeNs: -1n }) });
    const oddRoot = { rootId: 2, rootPath: ODD_ROOT };
    fixture.ledger.store.commit(
      [{ type: 'fileEvents', batch: 1, ...oddRoot, sequence: 1, events: [odd] }],
      30_000_000,
    );
  });

  type EventRow = { seq: number; path: string; event: string };
  const events = (filter: object, more: object = {}) =>
    fixture.allPages<EventRow>('queryEvents', { filter, limit: 20, ...more });

  it('gives events as the wire has them, in order of seq', async () => {
    const newest = await events({});
    expect(newest.map(({ seq }) => seq)).toEqual(Array.from({ length: 56 }, (_, at) => 56 - at));
    const oldest = await events({}, { order: 'oldest' });
    expect(oldest).toEqual([...newest].reverse());
    expect(oldest[53]).toEqual({
      seq: 54,
      time: '1970-01-01T05:33:21.000000005Z',
      root: ROOT,
      path: 'docs/\ufffd.md',
      path_b64: Buffer.from('docs/\xff.md', 'latin1').toString('base64'),
      event: 'move',
      from: 'src/f00.ts',
      kind: 'file',
      size: 10,
      seen: 'native',
      tenant_id: 'acme',
    });
  });

  it('filters by time, root, kind of event and path', async () => {
    expect(await events({ since: '1970-01-01T05:33:20Z' })).toHaveLength(6);
    const range = { since: '1970-01-01T05:33:20Z', until: '1970-01-01T05:33:21Z' };
    expect(await events(range)).toHaveLength(3);
    expect(await events({ root: ROOT, events: ['move', 'delete'] })).toHaveLength(2);
    expect(await events({ root: `${ROOT}/`, path: 'src' })).toHaveLength(53);
    expect(await events({ path: `${ROOT}/src` })).toHaveLength(53);
    expect(await events({ path: '/home/ana' })).toHaveLength(55);
    expect(await events({ path: '/elsewhere' })).toHaveLength(0);
    expect(await events({ path: 'src/f00.ts' })).toHaveLength(2);
    expect(await events({ path: '*.md' })).toHaveLength(2);
    expect(await events({ path: 'src/*0.ts' })).toHaveLength(6);
    expect(await events({ path: `${ROOT}/**/*.tsx` })).toHaveLength(1);
    expect(await events({ path: 'app/[id]' })).toHaveLength(1);
    await expect(events({ root: '/elsewhere' })).rejects.toMatchObject({ code: 'CODI_NOT_FOUND' });
  });

  it('follows after a number and says how far it looked', async () => {
    const page = await fixture.run('queryEvents', {
      filter: { after_seq: 50, events: ['delete'] },
      limit: 5,
    });
    expect(page).toMatchObject({ rows: [{ seq: 55 }], through: 56 });
  });

  it('lists files page by page, each once', async () => {
    const files = await fixture.allPages<{ path: string; root: string }>('listFiles', { limit: 7 });
    expect(files).toHaveLength(53);
    expect(new Set(files.map(({ root, path }) => `${root} ${path}`)).size).toBe(53);
    const src = await fixture.allPages<{ path: string }>('listFiles', {
      root: ROOT,
      prefix: 'src',
      limit: 7,
    });
    expect(src).toHaveLength(49);
    expect(src[0]).toMatchObject({ path: 'src', kind: 'dir' });
    const own = await fixture.run('listFiles', { limit: 10, roots: [ODD_ROOT] });
    expect(own.rows).toEqual([
      {
        root: '/w/\ufffd',
        path: 'x',
        kind: 'file',
        size: 10,
        mtime: '1969-12-31T23:59:59.999999999Z',
        ino: 2n ** 64n - 1n,
      },
    ]);
    const absolute = await fixture.run('listFiles', { prefix: `${ROOT}/docs`, limit: 10 });
    expect(absolute.rows).toMatchObject([{ path: 'docs/\ufffd.md', path_b64: expect.any(String) }]);
  });

  it('loads the index of a root with exact stats, page by page', async () => {
    const paths: string[] = [];
    let afterPath: BytePath | null = null;
    for (;;) {
      const rows: IndexRow[] = await fixture.run('loadIndex', {
        rootPath: ROOT,
        afterPath,
        limit: 10,
      });
      paths.push(...rows.map(({ path }) => path));
      if (rows.length < 10) break;
      afterPath = rows.at(-1)!.path;
    }
    expect(paths).toHaveLength(52);
    expect(new Set(paths).size).toBe(52);
    expect(paths.at(-1)).toBe('docs/\xff.md');
    const [row] = await fixture.run('loadIndex', {
      rootPath: ODD_ROOT,
      afterPath: null,
      limit: 10,
    });
    expect(row).toMatchObject({ path: 'x', kind: 'file' });
    expect(row!.stat).toEqual(stat({ ino: 2n ** 64n - 1n, mtimeNs: -1n }));
    const none = { rootPath: '/none' as BytePath, afterPath: null, limit: 1 };
    expect(await fixture.run('loadIndex', none)).toEqual([]);
  });
});

describe('the index as pages for the watch host', () => {
  it('has the same rows, page by page', async () => {
    const input = { rootPath: ROOT, afterPath: null, limit: 1_000 };
    const rows = await fixture.run('loadIndex', input);
    const pages: IndexRow[] = [];
    for (let afterPath: BytePath | null = null; ;) {
      const page: IndexPage = await fixture.run('indexPage', { ...input, afterPath, limit: 10 });
      pages.push(...unpackIndex(page.bytes));
      if (page.rows < 10) break;
      afterPath = page.last!;
    }
    expect(pages).toEqual(rows.map(({ path, kind, stat }) => ({ path, kind, stat })));
    const odd = await fixture.run('indexPage', { ...input, rootPath: ODD_ROOT });
    expect(unpackIndex(odd.bytes)[0]!.stat).toEqual(stat({ ino: 2n ** 64n - 1n, mtimeNs: -1n }));
    const none = await fixture.run('indexPage', { ...input, rootPath: '/none' as BytePath });
    expect(none).toMatchObject({ rows: 0 });
  });

  it('says how many directories there are, up to a limit', async () => {
    const rows = await fixture.run('loadIndex', { rootPath: ROOT, afterPath: null, limit: 1_000 });
    const count = rows.filter(({ kind }) => kind === 'dir').length;
    const ask = (limit: number) => fixture.run('countDirectories', { rootPath: ROOT, limit });
    expect([count, await ask(1_000), await ask(0)]).toEqual([1, 1, 0]);
  });
});

describe('the other reader tasks', () => {
  it('list sessions newest first, active ones alone when asked', async () => {
    const store = new StateStore(fixture.state, 100);
    for (let n = 0; n < 12; n++) {
      store.run(
        {
          type: 'sessionStart',
          sessionId: `S-${n}`,
          identity: 'i',
          agentType: n === 3 ? 'agent' : null,
          metadata: n === 3 ? '{"big":9007199254740993}' : null,
          at: { seconds: 1_000 + Math.floor(n / 4), nanos: 0 },
        },
        1_000,
      );
    }
    store.run({ type: 'sessionEnd', sessionId: 'S-3', at: { seconds: 2_000, nanos: 0 } }, 2_000);
    const sessions = await fixture.allPages<{ session_id: string }>('listSessions', { limit: 5 });
    expect(sessions).toHaveLength(12);
    expect(new Set(sessions.map((row) => row.session_id)).size).toBe(12);
    expect(sessions.find((row) => row.session_id === 'S-3')).toEqual({
      session_id: 'S-3',
      identity: 'i',
      agent_type: 'agent',
      started_at: '1970-01-01T00:16:40Z',
      ended_at: '1970-01-01T00:33:20Z',
      metadata: { big: 9007199254740993n },
    });
    expect(await fixture.allPages('listSessions', { limit: 5, active: true })).toHaveLength(11);
  });

  it('know counts and producers without a scan', async () => {
    fixture.log([{ message: 'one' }]);
    const totals = await fixture.run('totals', undefined);
    expect(totals).toMatchObject({ fileEvents: 56, revision: 13 });
    expect(totals.logs).toBe(1);
    expect(await fixture.run('producerSequence', { producerId: 'nobody' })).toBe(0);
  });

  it('say that the store is not there instead of giving an empty list', async () => {
    const empty = readerPool(`${fixture.ledger.dataDir}/none`);
    const query = { filter: {}, limit: 1 };
    await expect(empty.run({ input: query }, { name: 'queryLogs' })).rejects.toMatchObject({
      code: expect.stringMatching(/^CODI_/),
      message: expect.any(String),
    });
    await empty.destroy();
  });
});
