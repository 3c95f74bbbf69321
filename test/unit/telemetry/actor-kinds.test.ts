import { ACTOR_KINDS, actorKindOf } from '#codi/telemetry/actor-kinds.js';
import { expect, test } from 'vitest';

test.each([
  ['root', 'root'],
  ['core/storage', 'supervisor'],
  ['core/storage/ledger-writer', 'ledger_writer'],
  ['watching/watchers', 'supervisor'],
  ['watching/watchers//home/ana/core/telemetry', 'watcher'],
  ['watching/hosts/host-1', 'watch_host'],
  ['serving/connections/17', 'connection'],
  ['serving/http', 'http'],
  ['serving/spools', 'spools'],
  ['serving/httpx', 'other'],
  ['', 'other'],
])('The actor at %s is a %s.', (path, kind) => {
  expect(actorKindOf(path)).toBe(kind);
  expect(ACTOR_KINDS).toContain(kind);
});

test('Every kind is there once.', () => {
  expect(new Set(ACTOR_KINDS).size).toBe(ACTOR_KINDS.length);
});
