import { beforeEach, expect, test } from 'vitest';
import { CodiError } from '#codi/protocol/errors.js';
import { TokenDesk } from '#codi/wiring/token-desk.js';
import type { Act } from '#codi/wiring/act-recorder.js';
import type { TokenFile } from '#codi/workers/storage/tokens/token-file.js';
import { rememberTelemetry, type TelemetryLog } from '../../support/actor-world.ts';
import { virtualEnvironment, type VirtualClock } from '../../support/virtual-environment.ts';

let clock: VirtualClock;
let file: TokenFile;
let writes: number;
let acts: Act[];
let log: TelemetryLog;
let failure: Error | undefined;
let desk: TokenDesk;

beforeEach(async () => {
  clock = virtualEnvironment().clock;
  file = { tokens: [], acts: [] };
  writes = 0;
  acts = [];
  failure = undefined;
  log = rememberTelemetry();
  desk = newDesk();
  await desk.load();
});

function newDesk(): TokenDesk {
  return new TokenDesk({
    read: async () => file,
    write: async (content) => {
      if (failure) throw failure;
      writes += 1;
      file = structuredClone(content);
      file.tokens = content.tokens;
    },
    clock,
    telemetry: log.telemetry,
    record: (act) => void acts.push(act),
    failuresPerMinute: 2,
  });
}

const body = (more: object = {}) => ({ name: 'deploy', ...more }) as never;
const create = async (more: object = {}) =>
  (await desk.create(body(more), 'me')) as { token: string; id: string };
const at = (ms: number) => new Date(clock.nowMs() + ms).toISOString();

test('A token is on disk and in the ledger before anybody has it.', async () => {
  const { token, id } = await create({ scopes: ['read'] });
  expect(desk.check(token, '::1')).toEqual({
    ok: true,
    token: { id, name: 'deploy', scopes: ['read'] },
  });
  expect(file.tokens).toMatchObject([{ id }]);
  expect(acts).toEqual([
    { kind: 'token.create', subject: 'deploy', actor: 'me', data: { id, scopes: ['read'] } },
  ]);
  expect(JSON.stringify(acts)).not.toContain(token.slice(18));
});

test('One that cannot be stored is not there, and that is said.', async () => {
  failure = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  await expect(create()).rejects.toMatchObject({ code: 'CODI_DISK_FULL' });
  failure = new Error('EIO');
  await expect(create()).rejects.toMatchObject({ code: 'CODI_STORAGE_UNAVAILABLE' });
  expect([desk.count, acts, log.names()]).toEqual([0, [], ['TokensUnsaved', 'TokensUnsaved']]);
  failure = undefined;
  await create();
});

test('Who came in with a token hears when it is revoked, once, also when that cannot be stored.', async () => {
  const { id } = await create();
  const heard: string[] = [];
  desk.watch(id, (error) => heard.push(`one ${error.message}`));
  desk.watch(id, (error) => heard.push(`two ${error.message}`));
  desk.watch(id, () => heard.push('left'))();
  failure = new Error('EIO');
  await expect(desk.revoke(body(), 'me')).rejects.toMatchObject({
    code: 'CODI_STORAGE_UNAVAILABLE',
  });
  expect(heard).toEqual([
    'one the token is not accepted: it was revoked',
    'two the token is not accepted: it was revoked',
  ]);
  expect(file.tokens).toHaveLength(1);
  failure = undefined;
  await clock.advance(60_000);
  expect(file.tokens).toEqual([]);
});

test('Revoking says how many connections it ended, and is an act.', async () => {
  const { id } = await create();
  desk.watch(id, () => undefined);
  expect(await desk.revoke(body(), 'me')).toEqual({ ids: [id], closed: 1 });
  const data = { ids: [id], connections_closed: 1 };
  expect(acts.at(-1)).toEqual({ kind: 'token.revoke', subject: 'deploy', actor: 'me', data });
  expect(file.tokens).toEqual([]);
});

test('Who came in with a token hears when it expires, also when that is moved by a rotation.', async () => {
  const first = await create({ expires_at: at(100 * 86_400_000) });
  const heard: string[] = [];
  desk.watch(first.id, (error) => heard.push(error.code));
  const second = await create({ rotates: true, overlap_ms: 5_000 });
  desk.watch(second.id, () => heard.push('second'));
  await clock.advance(4_999);
  expect(heard).toEqual([]);
  await clock.advance(2);
  expect(heard).toEqual(['CODI_TOKEN_INVALID']);
  expect(acts.at(-1)).toMatchObject({ kind: 'token.rotate' });
  await clock.advance(30 * 86_400_000);
  expect(heard).toHaveLength(1);
});

test('When it was used last is written a minute later, and at the end.', async () => {
  const { token } = await create();
  expect(writes).toBe(1);
  desk.check(token, '10.0.0.7');
  desk.check(token, '10.0.0.7');
  await clock.advance(60_000);
  expect([writes, file.tokens[0]?.lastUsedFrom]).toEqual([2, '10.0.0.7']);
  desk.check(token, '10.0.0.8');
  await desk.close(true);
  expect([writes, file.tokens[0]?.lastUsedFrom]).toEqual([3, '10.0.0.8']);
});

test('Wrong tokens from one address are told why only so often; the right one is always taken.', async () => {
  const { token } = await create();
  const wrong = (address: string) => {
    const verdict = desk.check('codi_nonsense', address);
    return verdict.ok ? 'ok' : verdict.error.code;
  };
  expect([wrong('a'), wrong('a'), wrong('a'), wrong('b')]).toEqual([
    'CODI_TOKEN_INVALID',
    'CODI_TOKEN_INVALID',
    'CODI_TOO_MANY_FAILURES',
    'CODI_TOKEN_INVALID',
  ]);
  expect(desk.check(token, 'a').ok).toBe(true);
  await clock.advance(60_000);
  expect(wrong('a')).toBe('CODI_TOKEN_INVALID');
});

test('What was done while no daemon ran goes to the ledger under its own id until that is sure.', async () => {
  const waiting = {
    id: 'b0b0',
    atMs: 5,
    kind: 'token.create',
    subject: 'x',
    actor: 'me',
    data: {},
  };
  file = { tokens: [], acts: [waiting] };
  desk = newDesk();
  await desk.load();
  const { id, atMs, ...act } = waiting;
  expect(acts).toEqual([{ ...act, earlier: { id, atMs } }]);
  await create();
  await desk.close(false);
  expect(file.acts).toEqual([waiting]);
  await desk.close(true);
  expect(file.acts).toEqual([]);
});

test('A file that cannot be used lets nobody in, is not overwritten, and is told of.', async () => {
  const error = new CodiError('CODI_TOKENS_UNUSABLE', { path: '/x', reason: 'odd' });
  desk = new TokenDesk({
    read: async () => Promise.reject(error),
    write: async () => void (writes += 1),
    clock,
    telemetry: log.telemetry,
    record: () => undefined,
    failuresPerMinute: 2,
  });
  await desk.load();
  expect(desk.problem).toMatch(/the tokens in \/x cannot be used: odd/);
  await expect(create()).rejects.toBe(error);
  await expect(desk.revoke(body(), 'me')).rejects.toBe(error);
  expect(desk.check('codi_x', '::1').ok).toBe(false);
  await desk.close(true);
  expect(writes).toBe(0);
});
