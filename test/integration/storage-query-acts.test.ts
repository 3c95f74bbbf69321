import { expect, it } from 'vitest';
import type { ActRow, BodyOf } from '#codi/protocol/messages.js';
import type { Page } from '#codi/workers/storage/reader.messages.js';
import { ReaderFixture } from '../support/reader-fixture.ts';

const fixture = new ReaderFixture();
const START = 1_700_000_000;

function act(number: number, kind: string, subject: string) {
  return {
    id: Buffer.alloc(16, number),
    seconds: START + number,
    nanos: 0,
    kind,
    subject,
    actor: number === 1 ? 'ana' : null,
    data: number === 1 ? '{"reason":"drill"}' : null,
  };
}

async function ask(query: Partial<BodyOf<'QueryActs'>> = {}): Promise<Page<ActRow>> {
  return fixture.run('queryActs', { filter: {}, limit: 100, ...query });
}

it('Acts are found newest first, by kind, subject and time, and page by page.', async () => {
  const acts = [act(1, 'debug.kill', 'a'), act(2, 'debug.stop', 'a'), act(3, 'debug.kill', 'b')];
  fixture.ledger.store.commit([{ type: 'acts', batch: 1, acts }], 1_000);
  const seqs = async (query: Partial<BodyOf<'QueryActs'>>) =>
    (await ask(query)).rows.map(({ seq }) => seq);
  expect((await ask()).rows[2]).toEqual({
    seq: 1,
    time: '2023-11-14T22:13:21Z',
    kind: 'debug.kill',
    subject: 'a',
    actor: 'ana',
    data: { reason: 'drill' },
    tenant_id: 'acme',
  });
  expect(await seqs({})).toEqual([3, 2, 1]);
  expect(await seqs({ order: 'oldest' })).toEqual([1, 2, 3]);
  expect(await seqs({ filter: { kind: 'debug.kill' } })).toEqual([3, 1]);
  expect(await seqs({ filter: { subject: 'a' } })).toEqual([2, 1]);
  expect(await seqs({ filter: { after_seq: 1 } })).toEqual([2, 3]);
  const since = '2023-11-14T22:13:22Z';
  expect(await seqs({ filter: { since } })).toEqual([3, 2]);
  expect(await seqs({ filter: { until: since } })).toEqual([1]);
  for (const order of ['newest', 'oldest'] as const) {
    const first = await ask({ order, limit: 2 });
    const rest = await ask({ order, limit: 2, cursor: first.next! });
    expect([...first.rows, ...rest.rows]).toEqual((await ask({ order })).rows);
    expect(rest.next).toBeUndefined();
  }
});
