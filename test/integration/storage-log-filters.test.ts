import { describe, expect, it } from 'vitest';
import { ReaderFixture } from '../support/reader-fixture.ts';

const fixture = new ReaderFixture();

type LogRow = { id: number; message: string };
const messages = async (filter: object, more: object = {}) => {
  const query = { filter: { until: '2025-02-01T00:00:00Z', ...filter }, limit: 3, ...more };
  return (await fixture.allPages<LogRow>('queryLogs', query)).map(({ message }) => message).sort();
};
const log = (message: string, entry: object) =>
  fixture.log([{ message, timestamp: '2025-01-01T00:00:00Z', ...entry }]);

describe('filters of log entries', () => {
  it('takes one level, some levels, or a level and all above it', async () => {
    for (const level of ['Trace', 'Debug', 'Info', 'Warn', 'Error'])
      for (const number of [1, 2]) log(`${level} ${number}`, { level, component: 'levels' });
    const component = 'levels';
    expect(await messages({ component, levels: ['Warn'] })).toEqual(['Warn 1', 'Warn 2']);
    expect(await messages({ component, levels: ['Error', 'Debug'] })).toHaveLength(4);
    expect(await messages({ component, level: 'Warn' })).toHaveLength(4);
    expect(await messages({ component, level: 'Info' })).toHaveLength(6);
    expect(await messages({ component, level: 'Warn', levels: ['Info', 'Warn'] })).toHaveLength(2);
    expect(await messages({ component, levels: [] })).toEqual([]);
    expect(await messages({ component, levels: ['Warn'], after_id: 0 })).toHaveLength(2);
  });

  it('takes a component by name or by how it begins, and nothing in it is a wildcard', async () => {
    for (const component of ['net/tcp', 'net/udp', 'net', 'net%', 'nét/x', 'NET/tcp'])
      log(component, { component });
    expect(await messages({ component: 'net' })).toEqual(['net']);
    expect(await messages({ component_prefix: 'net/' })).toEqual(['net/tcp', 'net/udp']);
    expect(await messages({ component_prefix: 'net%' })).toEqual(['net%']);
    expect(await messages({ component_prefix: 'nét' })).toEqual(['nét/x']);
    expect(await messages({ component_prefix: 'net', after_id: 0 })).toHaveLength(4);
  });

  it('finds metadata by keys, by paths of keys and by places in lists', async () => {
    log('nested', { metadata: { request: { user: { id: 42 } }, tags: ['a', 'b'] } });
    log('dotted', { metadata: { 'request.user.id': 42 } });
    log('other', { metadata: { request: { user: 42 } } });
    log('no map', { metadata: [42] });
    expect(await messages({ metadata: { 'request.user.id': 42 } })).toEqual(['dotted', 'nested']);
    expect(await messages({ metadata: { 'tags.1': 'b' } })).toEqual(['nested']);
    expect(await messages({ metadata: { 'tags.7': 'b' } })).toEqual([]);
    expect(await messages({ metadata: { tags: ['a', 'b'] } })).toEqual(['nested']);
    expect(await messages({ metadata: { 'request.': 42, '': 1 } })).toEqual([]);
  });

  it('compares types when asked, otherwise only what is written', async () => {
    log('number', { component: 'typed', metadata: { v: 42 } });
    log('text', { component: 'typed', metadata: { v: '42' } });
    log('null', { component: 'typed', metadata: { v: null } });
    const component = 'typed';
    expect(await messages({ component, metadata: { v: '42' } })).toEqual(['number', 'text']);
    expect(await messages({ component, typed_metadata: { v: 42 } })).toEqual(['number']);
    expect(await messages({ component, typed_metadata: { v: '42' } })).toEqual(['text']);
    expect(await messages({ component, typed_metadata: { v: null } })).toEqual(['null']);
  });

  it('ends at a row id, in both orders', async () => {
    log('one', { component: 'ends' });
    log('two', { component: 'ends' });
    const { head } = await fixture.run('queryLogs', { filter: {}, limit: 1 });
    log('three', { component: 'ends' });
    const filter = { component: 'ends', through_id: head };
    expect(await messages(filter)).toEqual(['one', 'two']);
    expect(await messages({ ...filter, after_id: 0 })).toEqual(['one', 'two']);
    expect(await messages({ after_id: head })).toEqual(['three']);
  });
});

describe('totals', () => {
  it('are counted in parts that a cursor joins', async () => {
    const entries = Array.from({ length: 3_000 }, (_, at) => ({
      component: at % 3 === 0 ? 'third' : 'rest',
    }));
    fixture.log(entries.map((entry) => ({ ...entry, timestamp: '2025-03-01T00:00:00Z' })));
    const filter = { since: '2025-03-01T00:00:00Z', until: '2025-03-02T00:00:00Z' };
    const only = { filter: { ...filter, component: 'third' }, limit: 1, count: 'only' };
    expect(await fixture.run('queryLogs', only)).toMatchObject({
      rows: [],
      totalCount: 1_000,
      totalIs: 'exact',
    });
    const about = await fixture.run('queryLogs', { filter, limit: 1, count: 'estimate' });
    expect(about).toMatchObject({ totalIs: 'estimate', totalCount: 3_000 });
    const share = { ...only, count: 'estimate' };
    const { totalCount, totalIs } = await fixture.run('queryLogs', share);
    expect(totalIs).toBe('estimate');
    expect(totalCount).toBeGreaterThan(800);
    expect(totalCount).toBeLessThan(1_200);
    const few = { filter: { component: 'ends' }, limit: 1, count: 'estimate' };
    expect(
      await fixture.run('queryLogs', { ...few, filter: { session_id: 'nobody' } }),
    ).toMatchObject({ totalIs: 'exact', totalCount: 0 });
  });
});
