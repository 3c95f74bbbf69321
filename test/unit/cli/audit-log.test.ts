import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInProcess } from '../../support/cli-harness.ts';
import { FakeDaemon } from '../../support/fake-daemon.ts';

const ACTS = [
  {
    seq: 2,
    time: '2026-03-10T14:00:02Z',
    kind: 'debug.kill',
    subject: 'serving/\u001B[31munix',
    actor: 'debug socket',
    data: { reason: 'drill' },
  },
  { seq: 1, time: '2026-03-10T14:00:01Z', kind: 'audit.alarm', subject: 'ledger', actor: null },
];

let daemon: FakeDaemon;
beforeEach(async () => {
  daemon = await FakeDaemon.start();
  daemon.answers['QueryActs'] = ({ limit, cursor }) => {
    const from = Number(cursor ?? 0);
    const next = from + limit < ACTS.length ? String(from + limit) : null;
    return { kind: 'ActResults', body: { acts: ACTS.slice(from, from + limit), next } };
  };
});
afterEach(() => daemon.stop());

const codi = (...line: string[]) => runInProcess(line, { socketPath: daemon.socketPath });

it('Acts say when, what, to what and by whom; nothing of them reaches the terminal raw.', async () => {
  const { out, exitCode } = await codi('audit', 'log');
  const lines = out.trimEnd().split('\n');
  expect(exitCode).toBe(0);
  expect(lines[0]).toMatch(
    /debug\.kill {2}serving\/.*unix {2}by debug socket {2}{"reason":"drill"}$/,
  );
  expect(lines[1]).toMatch(/audit\.alarm {2}ledger {2}by the daemon$/);
  expect(out).not.toContain('\u001B');
});

it('As JSON each is one line without what is not known.', async () => {
  const rows = (await codi('audit', 'log', '--json')).json();
  expect(rows).toHaveLength(2);
  expect(rows[1]).toEqual({
    seq: 1,
    time: '2026-03-10T14:00:01Z',
    kind: 'audit.alarm',
    subject: 'ledger',
  });
});

it('Filters go to the daemon, and the limit ends the pages.', async () => {
  const line = ['--kind', 'debug.kill', '--subject', 'a/b', '--since', '2026-03-10T00:00:00Z'];
  const { out } = await codi('audit', 'log', ...line, '--limit', '1');
  expect(out.trimEnd().split('\n')).toHaveLength(1);
  expect(daemon.of('QueryActs')[0]?.body).toMatchObject({
    filter: { kind: 'debug.kill', subject: 'a/b', since: '2026-03-10T00:00:00Z' },
    limit: 1,
  });
});

it('A limit that is no number is wrong usage.', async () => {
  expect((await codi('audit', 'log', '--limit', 'many')).exitCode).toBe(2);
});
