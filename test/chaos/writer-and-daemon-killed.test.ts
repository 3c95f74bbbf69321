// Given 50 clients that write 1,000 entries each. Break: the ledger thread is killed three times and the daemon
// once, with SIGKILL, while they write. Expect during: clients reconnect and send again by themselves. Expect
// after: everything that was answered Accepted is stored, and nothing is stored twice.
import { afterEach, expect, test } from 'vitest';
import { storedMessages, violations, writeEntries, type Writer } from '../support/entries.ts';
import { deadline, eventually } from '../support/deadline.ts';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';

const CLIENTS = 50;
const ENTRIES = 1_000;
const LEDGER = 'core/storage/ledger-writer';

const place = newPlace();
let daemon: RunningDaemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  place.remove();
});

test('entries answered Accepted are stored exactly once through kills of the writer and of the daemon', async () => {
  daemon = await startDaemon(place);
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, () => daemon!.client({ deadlineMs: 60_000 })),
  );
  const writers: Writer[] = clients.map((client, index) =>
    writeEntries(client, `client ${index} entry`, ENTRIES),
  );
  const all = Promise.all(writers.map((writer) => writer.done));
  const acceptedCount = () => writers.reduce((sum, writer) => sum + writer.accepted.length, 0);
  const reached = (share: number) =>
    eventually(
      `${share} of the answers`,
      () => acceptedCount() >= share * CLIENTS * ENTRIES,
      60_000,
    );

  for (const share of [0.1, 0.3, 0.5]) {
    await reached(share);
    const debug = await daemon.debug();
    await debug.kill(LEDGER);
    debug.close();
  }
  await reached(0.7);
  await daemon.kill();
  daemon = await startDaemon(place);

  await deadline('the end of all writers', all, 90_000);
  expect(acceptedCount()).toBe(CLIENTS * ENTRIES);
  const stored = await storedMessages(clients[0]!);
  expect(
    violations(
      writers.flatMap((writer) => writer.accepted),
      stored,
    ),
  ).toEqual({
    lost: [],
    doubled: [],
  });
  expect(stored.size).toBe(CLIENTS * ENTRIES);
  await Promise.all(clients.map((client) => client.close()));
}, 240_000);
