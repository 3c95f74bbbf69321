// Entries share a block, and a page on which only one of them goes on is damaged: the others cannot be proved, and can
// be had.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { useStoreKey } from '#codi/workers/storage/cipher/store-key.js';
import { openForReading } from '#codi/workers/storage/open-database.js';
import { runInProcess } from '../support/cli-harness.ts';
import { DamagedDaemon } from '../support/damaged-daemon.ts';
import { damagePage } from '../support/damaged-store.ts';
import { filesWith, KEY, withCiphers } from '../support/encryption.ts';

const SHORT = Array.from({ length: 30 }, (_, n) => `readable ${n} ${'x'.repeat(50)}`);

let home: string;
let world: DamagedDaemon | undefined;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'codi-unproved-'));
});
afterEach(async () => {
  await world?.end();
  useStoreKey(undefined);
  rmSync(home, { recursive: true, force: true });
});

/** A stopped daemon whose ledger has a page damaged that only the long entry stands on. */
async function damaged(env: Record<string, string>): Promise<DamagedDaemon> {
  const made = (world = new DamagedDaemon(env));
  await made.start();
  const client = await made.daemon!.client();
  const log = (message: string) => client.log({ level: 'Info', component: 'test', message });
  await Promise.all([...SHORT.slice(0, 15), 'y'.repeat(30_000), ...SHORT.slice(15)].map(log));
  await client.close();
  await made.daemon!.stop();
  const path = made.path('ledger.db');
  const database = openForReading(path, 'ledger');
  const page = database
    .prepare(`SELECT max(pageno) FROM dbstat WHERE name = 'logs' AND pagetype = 'overflow'`)
    .pluck()
    .get();
  database.close();
  damagePage(path, page as number, (bytes) => bytes.fill(0x5a));
  return made;
}

const codi = ({ place }: DamagedDaemon, env: Record<string, string>, ...line: string[]) =>
  runInProcess([...line, '--data-dir', place.dataDir], {
    socketPath: place.socketPath,
    cwd: place.home,
    env,
  });

async function expectEntriesToBeHad(made: DamagedDaemon, env: Record<string, string>) {
  const repair = await codi(made, env, 'store', 'repair');
  expect(repair.out).toMatch(/entries of lost blocks can be read, not proved: `codi store cat /);
  const [file] = readdirSync(made.place.dataDir).filter((name) => name.endsWith('.unproved.jsonl'));
  expect(repair.out).toContain(file);
  expect(statSync(made.path(file!)).mode & 0o777).toBe(0o600);
  const { out } = await codi(made, env, 'store', 'cat', file!);
  const entries = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { stream: string; id: number; message: string });
  expect(entries.every(({ stream }) => stream === 'log')).toBe(true);
  const unproved = entries.map(({ message }) => message);
  await made.start();
  const proved = await made.entries();
  // Each of them is in one place or in the other, whole.
  const readable = [...proved.values(), ...unproved].filter((text) => text.startsWith('readable'));
  expect(readable.toSorted()).toEqual(SHORT.toSorted());
  expect(unproved.filter((text) => text.startsWith('readable')).length).toBeGreaterThan(0);
  const { losses } = await made.verify('ledger');
  expect(losses).toEqual([expect.objectContaining({ reason: expect.stringContaining(file!) })]);
  const client = await made.daemon!.client();
  const filter = { kind: 'store.healed' };
  const { acts } = await client.request('QueryActs', { filter, limit: 10 });
  await client.close();
  expect(acts[0]!.data).toMatchObject({
    unproved_file: file,
    unproved_entries: entries.length,
  });
  return file!;
}

test('Entries of a block that does not verify are written to a file of their own.', async () => {
  const made = await damaged({});
  const file = await expectEntriesToBeHad(made, {});
  const lines = readFileSync(made.path(file), 'utf8').trimEnd().split('\n');
  expect(lines.some((line) => line.includes('readable '))).toBe(true);
}, 120_000);

withCiphers(
  'Unproved entries of an encrypted store are encrypted, and can be read.',
  async () => {
    const keyFile = join(home, 'store.key');
    writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
    useStoreKey(Buffer.from(KEY));
    const env = { CODI_STORAGE_ENCRYPTION_KEY_FILE: keyFile };
    const made = await damaged(env);
    await expectEntriesToBeHad(made, env);
    expect(filesWith(made.place.dataDir, ['readable 1'])).toEqual([]);
  },
  120_000,
);
