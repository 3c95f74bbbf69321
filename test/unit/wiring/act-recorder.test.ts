import { expect, it } from 'vitest';
import type { IngestBuffer } from '#codi/actors/storage/ingest-buffer.js';
import type { Telemetry } from '#codi/telemetry/telemetry.js';
import { ActRecorder } from '#codi/wiring/act-recorder.js';
import type { ActRecord } from '#codi/workers/storage/ledger.messages.js';

function recorder(hasRoom: boolean) {
  const offered: ActRecord[] = [];
  const emitted: unknown[] = [];
  const buffer = {
    offerAct: (act: ActRecord) => {
      offered.push(act);
      return hasRoom;
    },
  } as unknown as IngestBuffer;
  const telemetry = { emit: (...event: unknown[]) => void emitted.push(event) } as Telemetry;
  return { acts: new ActRecorder(buffer, telemetry, () => 1_234), offered, emitted };
}

it('An act gets an id and a time, goes to the ledger and is told.', () => {
  const { acts, offered, emitted } = recorder(true);
  acts.record({ kind: 'debug.kill', subject: 'a/b', actor: 'ana', data: { reason: 'drill' } });
  acts.record({ kind: 'ledger.checked', subject: 'ledger.db' });
  expect(offered).toMatchObject([
    { seconds: 1, nanos: 234_000_000, kind: 'debug.kill', subject: 'a/b', actor: 'ana' },
    { kind: 'ledger.checked', actor: null, data: null },
  ]);
  expect(offered[0]?.data).toBe('{"reason":"drill"}');
  expect(offered.map(({ id }) => id.length)).toEqual([16, 16]);
  expect(Buffer.compare(offered[0]!.id, offered[1]!.id)).not.toBe(0);
  expect(emitted).toMatchObject([
    ['ActRecorded', { kind: 'debug.kill', subject: 'a/b', actor: 'ana' }],
    ['ActRecorded', { kind: 'ledger.checked' }],
  ]);
});

it('An act without room is told as an error, and is in the log at least.', () => {
  const { acts, emitted } = recorder(false);
  acts.record({ kind: 'debug.kill', subject: 'a/b' });
  expect(emitted).toMatchObject([['ActUnrecorded', { kind: 'debug.kill', subject: 'a/b' }]]);
});
