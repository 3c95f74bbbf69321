import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvRecord } from '#codi/cli/csv.js';
import { FakeDaemon } from '../../support/fake-daemon.ts';
import { runInProcess } from '../../support/cli-harness.ts';
import type { CliSurroundings } from '../../support/cli-harness.ts';

/** A reader of RFC 4180 written from its grammar: records of fields, quoted ones with doubled quotes. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let record: string[] = [];
  while (field.lastIndex < text.length) {
    const match = field.exec(text);
    if (!match) throw new Error(`no CSV from ${field.lastIndex}`);
    record.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] !== ',') record = (records.push(record), []);
  }
  return records;
}

const row = (id: number, extra: object = {}) => ({
  id,
  timestamp: '2026-03-10T14:00:01Z',
  level: 'Warn',
  component: 'c',
  message: `m${id}`,
  ...extra,
});

describe('CSV', () => {
  it('comes back as it was, whatever stands in the fields', () => {
    const texts = fc.array(
      fc.string({ unit: fc.constantFrom('a', '"', ',', '\r', '\n', 'ü', ' ') }),
      {
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(texts, (fields) => {
        expect(parseCsv(`${csvRecord(fields)}\r\n`)).toEqual([fields]);
      }),
    );
  });
});

describe('listings', () => {
  let daemon: FakeDaemon;
  let rows: object[];

  beforeEach(async () => {
    daemon = await FakeDaemon.start();
    rows = Array.from({ length: 5 }, (_, at) => row(at + 1));
    daemon.answers['QueryLogs'] = ({ limit, cursor, order, count }) => {
      const all = order === 'newest' ? rows.toReversed() : rows;
      if (count === 'only') {
        const from = Number(cursor ?? 0);
        const next = from + 2 < all.length ? String(from + 2) : null;
        const total_count = Math.min(2, all.length - from);
        return { kind: 'LogResults', body: { entries: [], total_count, next } };
      }
      const from = Number(cursor ?? 0);
      const next = from + limit < all.length ? String(from + limit) : null;
      const entries = all.slice(from, from + limit);
      const total = count === 'estimate' && { total_is: 'estimate' };
      const total_count = count === 'estimate' ? 12_400_000 : entries.length;
      return { kind: 'LogResults', body: { entries, total_count, next, ...total } };
    };
  });

  afterEach(() => daemon.stop());

  const codi = (line: string[], around: CliSurroundings = {}) =>
    runInProcess(line, { socketPath: daemon.socketPath, ...around });

  it('query --csv has a header and a record for each entry', async () => {
    rows = [row(1, { message: 'say "hi",\nana', metadata: { user: 42 }, session_id: 's' }), row(2)];
    const run = await codi(['query', '--csv']);
    expect(parseCsv(run.out)).toEqual([
      [
        'id',
        'time',
        'level',
        'component',
        'session_id',
        'message',
        'metadata',
        'tenant_id',
        'user_id',
        'session_by',
      ],
      ['1', '2026-03-10T14:00:01Z', 'warn', 'c', 's', 'say "hi",\nana', '{"user":42}', '', '', ''],
      ['2', '2026-03-10T14:00:01Z', 'warn', 'c', '', 'm2', '', '', '', ''],
    ]);
    expect((await codi(['query', '--csv', '--json'])).exitCode).toBe(2);
  });

  it('lets no control character through to a terminal, as lines, CSV or JSON', async () => {
    rows = [row(1, { message: 'a\u001b[31m\u009b\u202e', metadata: { '\u001b': '\u0007' } })];
    for (const format of [[], ['--csv'], ['--json']]) {
      const { out } = await codi(['query', ...format], { columns: 200 });
      expect(out.replaceAll('\r\n', '\n').replaceAll('\n', '')).not.toMatch(
        // eslint-disable-next-line no-control-regex
        /[\u0000-\u0008\u000b-\u001a\u007f-\u009f\u202e]|\u001b(?!\[\d*m)/,
      );
      if (format[0] === '--json') expect(JSON.parse(out).message).toBe('a\u001b[31m\u009b\u202e');
    }
    const piped = await codi(['query', '--csv']);
    expect(piped.out).toContain('\u001b[31m');
  });

  it('query --show-cursor says how to go on, --cursor goes on', async () => {
    const first = await codi(['query', '--limit', '3', '--order', 'oldest', '--show-cursor']);
    expect(first.notes).toBe('go on with --cursor 3\n');
    const json = ['--limit', '3', '--order', 'oldest', '--show-cursor', '--json'];
    expect((await codi(['query', ...json])).json().at(-1)).toEqual({ next: '3' });
    const second = await codi(['query', ...json, '--cursor', '3']);
    expect(second.json().map(({ id }) => id)).toEqual([4, 5]);
  });

  it('query --count counts on until all is counted, or takes an estimate and says so', async () => {
    expect((await codi(['query', '--count'])).out).toBe('5\n');
    expect((await codi(['query', '--count', '--json'])).json()).toEqual([
      { total: 5, total_is: 'exact' },
    ]);
    expect((await codi(['query', '--count', 'estimate'])).out).toBe('about 12.4 M\n');
    expect((await codi(['query', '--count', 'estimate', '--json'])).json()).toEqual([
      { total: 12_400_000, total_is: 'estimate' },
    ]);
    expect((await codi(['query', '--count', 'guess'])).exitCode).toBe(2);
  });

  it('on a terminal says about how many there are beyond its own limit', async () => {
    rows = Array.from({ length: 300 }, (_, at) => row(at + 1));
    const run = await codi(['query'], { columns: 100 });
    expect(run.notes).toBe('the newest 200 of about 12.4 M; see more with --limit or --all\n');
    const all = await codi(['query', '--all'], { columns: 100 });
    expect(all.out.trim().split('\n')).toHaveLength(300);
    expect(all.notes).toBe('');
  });

  it('sends levels, prefixes and typed metadata as filters', async () => {
    const line = ['query', '--only-level', 'warn', '--only-level', 'error', '-c', 'net/*'];
    await codi([...line, '-m', 'user=42', '-m', 'request.ok:=true', '-m', 'name:="a=b"']);
    expect(daemon.of('QueryLogs')[0]?.body.filter).toMatchObject({
      levels: ['Warn', 'Error'],
      component_prefix: 'net/',
      metadata: { user: 42 },
      typed_metadata: { 'request.ok': true, name: 'a=b' },
    });
    expect((await codi(['query', '-m', 'user:=ana'])).notes).toContain('is not JSON');
  });

  it('goes on behind the last page when the daemon goes away between pages', async () => {
    rows = Array.from({ length: 2_500 }, (_, at) => row(at + 1));
    let asked = 0;
    daemon.script = ({ kind }) => (kind === 'QueryLogs' && ++asked === 2 ? 'hang up' : undefined);
    const run = await codi(['query', '--json']);
    expect(run.exitCode).toBe(0);
    expect(run.json().map(({ id }) => id)).toEqual(rows.map((_, at) => at + 1));
  });

  it('tries a read again that was ended for its length, and then says so', async () => {
    let asked = 0;
    const timeout = { code: 'CODI_TIMEOUT', message: 'was ended', retryable: true };
    daemon.script = ({ kind }) =>
      kind === 'QueryLogs' && ++asked % 3 !== 0 ? { kind: 'Error', body: timeout } : undefined;
    expect(await codi(['query', '--json'])).toMatchObject({ exitCode: 75, out: '' });
    expect(asked).toBe(2);
    expect((await codi(['query', '--json'])).json()).toHaveLength(5);
  });
});
