import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';

const LARGE = 250 * 1024;

let places: DaemonPlace[];
let daemons: RunningDaemon[];
let client: MonitorClient;

beforeAll(async () => {
  places = [newPlace(), newPlace()];
  const env = { CODI_STORAGE_FULL_TEXT: '1' };
  daemons = await Promise.all(places.map((place) => startDaemon(place, [], { env })));
  client = await daemons[0]!.client({ requestTimeoutMs: 120_000 });
  // Each of them is as costly to search as an entry can be.
  const message = 'a'.repeat(LARGE);
  for (let at = 0; at < 60; at++) await client.log({ level: 'Info', component: 'large', message });
  await client.log({
    level: 'Info',
    component: 'small',
    message: '100% of "it"',
    metadata: nested(),
  });
}, 180_000);

afterAll(async () => {
  await client.close();
  for (const daemon of daemons) await daemon.kill();
  for (const place of places) place.remove();
});

/** {"k":{"k":…{"k":1}}}, as deep as a message may be. */
function nested(): Record<string, unknown> {
  let value: unknown = 1;
  for (let depth = 0; depth < 20; depth++) value = { k: value };
  return value as Record<string, unknown>;
}

const query = (filter: object, more: object = {}) =>
  client.request('QueryLogs', { filter, limit: 100, ...more } as never);

/** Every page; what takes long comes in several, and none is refused. */
async function count(filter: object): Promise<number> {
  let found = 0;
  let cursor: string | null | undefined;
  do {
    const page = await query(filter, cursor == null ? {} : { cursor });
    found += page.entries.length;
    cursor = page.next;
  } while (cursor != null);
  return found;
}

describe('hostile queries', { timeout: 180_000 }, () => {
  it.each([
    ['a limit beyond the largest', {}, { limit: 1e9 }],
    ['a limit of nothing', {}, { limit: 0 }],
    ['a limit that is no whole number', {}, { limit: 1.5 }],
    ['text without end', { text: 'x'.repeat(100_000) }, {}],
    [
      'too many keys',
      { metadata: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [n, n])) },
      {},
    ],
    ['a key without end', { metadata: { ['k'.repeat(2_000)]: 1 } }, {}],
    ['metadata that is a list', { metadata: [1] }, {}],
    ['too many words', { full_text: 'x '.repeat(500) }, {}],
    ['words without a word', { full_text: '"*^(' }, {}],
    ['a beginning that is too short', { full_text: 'a*' }, {}],
    ['a time that is none', { since: '1 OR 1=1' }, {}],
    ['a level that is none', { levels: ['Fatal'] }, {}],
    ['a way to count that is none', {}, { count: 'all' }],
  ])('%s: is refused with the reason', async (_, filter, more) => {
    await expect(query(filter, more)).rejects.toMatchObject({
      code: 'CODI_MESSAGE_INVALID',
      retryable: false,
    });
  });

  it('cursors that are damaged, made up or from another ledger are refused with the reason', async () => {
    const other = await daemons[1]!.client();
    await other.batch(
      [1, 2, 3].map((n) => ({ level: 'Info' as const, component: 'c', message: `${n}` })),
    );
    const page = await other.request('QueryLogs', { filter: {}, limit: 1 });
    await other.close();
    const made = Buffer.from('["",["logs newest"],1e999,{},null]').toString('base64url');
    for (const [cursor, reason] of [
      [page.next!, 'another ledger'],
      [page.next!.slice(2), 'not as it was given out'],
      [made, 'not as it was given out'],
      ['%00\u001b[31m', 'not as it was given out'],
    ] as const) {
      const refused = query({}, { cursor });
      await expect(refused).rejects.toMatchObject({
        code: 'CODI_CURSOR_INVALID',
        message: expect.stringContaining(reason),
      });
    }
  });

  it('text is only text, and words are only words', async () => {
    expect(await count({ text: '100% of "it"' })).toBe(1);
    expect(await count({ text: '%' })).toBe(1);
    expect(await count({ text: "'; DROP TABLE logs; --" })).toBe(0);
    expect(await count({ component_prefix: 'sm%' })).toBe(0);
    expect(await count({ full_text: '100% "it' })).toBe(1);
    expect(await count({ full_text: 'message:it OR rowid:1 NEAR(it, 5)' })).toBe(0);
  });

  it('paths into metadata may be deep, strange or wrong', async () => {
    const path = (depth: number) => Array(depth).fill('k').join('.');
    expect(await count({ metadata: { [path(20)]: 1 } })).toBe(1);
    expect(await count({ metadata: { [path(21)]: 1 } })).toBe(0);
    expect(await count({ metadata: { [path(500)]: 1 } })).toBe(0);
    for (const key of ['$', '$.k', 'k[0]', '"', "'", '\\', '\0', 'k"]."k', '..', '#-1', '[#-1]'])
      expect(await count({ metadata: { [key]: 1 } }), key).toBe(0);
  });

  it('a text that nearly matches everywhere costs several pages and not a reader', async () => {
    expect(await count({ text: `${'a'.repeat(60)}b` })).toBe(0);
    expect(await count({ text: `${'a'.repeat(5_000)}b` })).toBe(0);
    expect(await count({ text: 'ü' })).toBe(0);
    expect(await count({ component: 'nobody', text: 'aaab', metadata: { k: 2 } })).toBe(0);
    expect(await count({ component: 'large' })).toBe(60);
    expect((await query({ component: 'large' }, { count: 'only' })).total_count).toBe(60);
  });
});
