// Given a daemon whose ledger is signed. Break: while it is down the ledger is replaced by an older copy of
// itself. Expect during: it starts and serves all the same. Expect after: it says that it is degraded, why, and
// what to do; the finding stands in the ledger; what is left is signed as another log; a restart hides nothing.
import { cpSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';

const place = newPlace();
const file = (name: string) => join(place.dataDir, name);
let daemon: RunningDaemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  place.remove();
});

async function write(count: number): Promise<void> {
  const client = await daemon!.client();
  for (let n = 0; n < count; n++)
    await client.log({ level: 'Info', component: 'test', message: `entry ${n}` });
  await client.close();
}

async function status() {
  const client = await daemon!.client();
  const body = await client.request('Health', {});
  await client.close();
  return body;
}

async function untilDegraded() {
  return eventually('a degraded status', async () => {
    const body = await status();
    return body.state === 'degraded' && body;
  });
}

test('a ledger that was replaced by an older copy is served, and never silently', async () => {
  daemon = await startDaemon(place);
  await write(5);
  await daemon.stop();
  const older = join(place.home, 'older.db');
  cpSync(file('ledger.db'), older);
  daemon = await startDaemon(place);
  await write(5);
  await daemon.stop();
  expect(readFileSync(file('audit/ledger.checkpoint'), 'utf8').split('\n')[1]).toBe('10');
  renameSync(older, file('ledger.db'));

  daemon = await startDaemon(place);
  const reason = expect.stringMatching(/^ledger\.db does not fit .*codi audit verify/);
  expect((await untilDegraded()).reasons).toEqual([reason]);
  const client = await daemon.client();
  const [act] = await eventually('the administrative act', async () => {
    const { acts } = await client.request('QueryActs', {
      filter: { kind: 'audit.alarm' },
      limit: 10,
    });
    return acts.length > 0 && acts;
  });
  expect(act).toMatchObject({
    subject: 'ledger.db',
    data: { reason: 'its first 10 blocks are not the ones that were signed' },
  });
  await client.close();
  await write(1);
  await eventually('a checkpoint of the other log', () => {
    const [origin, size] = readFileSync(file('audit/ledger.checkpoint'), 'utf8').split('\n');
    return /\/ledger\.\d+$/.test(origin!) && size === '12';
  });

  await daemon.stop();
  daemon = await startDaemon(place);
  expect((await untilDegraded()).reasons).toEqual([reason]);
}, 120_000);
