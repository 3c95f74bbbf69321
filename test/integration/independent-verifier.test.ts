// A verifier that shares nothing with codi, in another language, gets the files and the public key alone.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect } from 'vitest';
import { newPlace, startDaemon } from '../support/daemon.ts';
import { runInProcess } from '../support/cli-harness.ts';
import { skipUnless } from '../support/skip.ts';

const VERIFIER = fileURLToPath(new URL('../independent/verify.py', import.meta.url));
const check = skipUnless(hasPython(), 'python3 is not there', { requiredOnCi: true });
const place = newPlace();
const copy = join(place.home, 'copy');
const file = (name: string) => join(copy, name);

function hasPython(): boolean {
  try {
    execFileSync('python3', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function verify(...args: string[]): string {
  try {
    return execFileSync('python3', [VERIFIER, ...args], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

const store = (kind: string) =>
  verify('store', file('audit/key.pub'), file(`${kind}.db`), file(`audit/${kind}.checkpoint`));
// The third file event is an update that names the content before.
const ENTRIES = ['log:1', 'log:13', 'file:2', 'file:3', 'root:1', 'state:1'];

beforeAll(async () => {
  if (!hasPython()) return;
  const root = join(place.home, 'watched');
  mkdirSync(root);
  const env = { CODI_MONITOR_CHECKSUM: 'sha256' };
  const daemon = await startDaemon(place, [root], { env });
  const around = { socketPath: place.socketPath };
  const client = await daemon.client({ sessionId: 's-1', userId: 'ana' });
  for (let n = 1; n <= 20; n++) {
    const message = `entry ${n} häi \u0000 ${'x'.repeat(n * 50)}`;
    await client.log({ level: 'Warn', component: 'test', message, metadata: { n } });
  }
  writeFileSync(join(root, 'a.txt'), 'one');
  writeFileSync(Buffer.from(`${root}/b\xff.txt`, 'latin1'), 'two');
  await runInProcess(['session', 'start', '--identity', 'ana', '--meta', 'a=1'], around);
  await runInProcess(['sync'], around);
  writeFileSync(join(root, 'a.txt'), 'three');
  await runInProcess(['sync'], around);
  await client.close();
  mkdirSync(copy);
  for (const entry of ENTRIES) {
    const proof = await runInProcess(['audit', 'prove', entry], around);
    expect(proof.exitCode, proof.notes).toBe(0);
    writeFileSync(file(`${entry}.json`), proof.out);
  }
  await daemon.stop();
  cpSync(place.dataDir, copy, { recursive: true });
});
afterAll(() => place.remove());

check('it agrees with codi about both databases', () => {
  expect(store('ledger')).toMatch(/^(\d+) blocks, \1 of them signed by /);
  expect(store('state')).toMatch(/^(\d+) blocks, \1 of them signed by /);
});

check('it agrees with codi about proofs of every stream', () => {
  const files = ENTRIES.map((entry) => file(`${entry}.json`));
  const lines = verify('proof', file('audit/key.pub'), ...files)
    .trim()
    .split('\n');
  expect(lines.map((line) => line.split(' ')[0])).toEqual(ENTRIES);
});

check('it finds one altered entry, and one altered leaf', () => {
  const path = file('ledger.db');
  const before = readFileSync(path);
  const alter = (sql: string) => {
    const database = new Database(path);
    database.exec(sql);
    database.close();
    const found = store('ledger');
    writeFileSync(path, before);
    return found;
  };
  expect(alter("UPDATE logs SET message = message || '!' WHERE id = 7")).toMatch(/does not match/);
  expect(alter('UPDATE blocks SET leaf = zeroblob(32) WHERE n = 7')).toMatch(/block 7 does not/);
  expect(alter('UPDATE file_events SET seen = 3 - seen')).toMatch(/does not match its entries/);
  expect(alter('DELETE FROM block_ranges WHERE block > 9; DELETE FROM blocks WHERE n > 9')).toMatch(
    /10 blocks are stored, \d+ were signed/,
  );
  expect(store('ledger')).toMatch(/blocks, /);
});

check('it refuses an altered proof, and a key that did not sign', () => {
  const path = file('log:13.json');
  const text = readFileSync(path, 'utf8');
  const altered = file('altered.json');
  for (const [from, to] of [
    ['"level": "Warn"', '"level": "Info"'],
    ['"n": ', '"n": 1'],
    ['/ledger\\n', '/ledger\\n1'],
  ] as const) {
    expect(text).toContain(from);
    writeFileSync(altered, text.replace(from, to));
    expect(verify('proof', file('audit/key.pub'), altered)).toMatch(/^not as it should be/);
  }
  const key = readFileSync(file('audit/key.pub'), 'utf8');
  const other = file('other.pub');
  writeFileSync(other, key.replace('/ledger+', '/ledgex+'));
  expect(verify('proof', other, path)).toMatch(/the id of a key is not its own/);
});
