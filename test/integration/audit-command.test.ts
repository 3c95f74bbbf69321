// `codi audit` with a daemon and without one, on the same data, with the same results.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '#codi/protocol/audit/signed-note.js';
import { decodeVerifierKey } from '#codi/protocol/audit/signed-note.js';
import { runInProcess, type CliSurroundings } from '../support/cli-harness.ts';
import { eventually } from '../support/deadline.ts';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';

const place = newPlace();
const file = (name: string) => join(place.dataDir, name);
let daemon: RunningDaemon;

const codi = (line: string[], around: CliSurroundings = {}) =>
  runInProcess(line, {
    socketPath: place.socketPath,
    env: { CODI_DATA_DIR: place.dataDir },
    cwd: place.home,
    ...around,
  });

beforeAll(async () => {
  // What is altered here is altered back, not healed.
  daemon = await startDaemon(place, [], { env: { CODI_STORAGE_HEALS_PER_HOUR: '0' } });
  const client = await daemon.client();
  for (let n = 1; n <= 30; n++)
    await client.log({ level: 'Info', component: 'test', message: `entry ${n}` });
  // One message of many entries: its block is longer than one piece of an answer.
  await Promise.all(
    Array.from({ length: 400 }, (_, n) =>
      client.log({ level: 'Info', component: 'test', message: `${n} ${'x'.repeat(2_000)}` }),
    ),
  );
  await client.close();
  // What a kill leaves unsigned cannot be proved.
  await eventually('all to be signed', async () => {
    const { exitCode } = await codi(['audit', 'prove', 'log:430']);
    return exitCode === 0;
  });
});
afterAll(async () => {
  await daemon.stop();
  place.remove();
});

const keys = () =>
  readFileSync(file('audit/key.pub'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => decodeVerifierKey(line)!);

async function checkAll(): Promise<void> {
  const head = await codi(['audit', 'head']);
  expect(head.exitCode, head.notes).toBe(0);
  const [first] = head.out.split(/(?<=\n)(?=codi\.local\S*\/state\n)/);
  expect(openCheckpoint(first!, keys())).toMatchObject({ ok: true });
  for (const entry of ['7', 'log:30', 'log:250', 'log:430']) {
    const proof = await codi(['audit', 'prove', entry]);
    expect(proof.exitCode, proof.notes).toBe(0);
    writeFileSync(join(place.home, 'proof.json'), proof.out);
    const checked = await codi(['audit', 'verify', '--proof', 'proof.json', '--json']);
    expect(checked.exitCode, checked.out + checked.notes).toBe(0);
    expect(checked.json()[0]).toMatchObject({ ok: true, entry: { stream: 'log' } });
  }
  const verified = await codi(['audit', 'verify', '--json']);
  expect(verified.json()).toMatchObject([
    { ok: true, entries: expect.toSatisfy((n: number) => n >= 430), findings: [], alarms: [] },
  ]);
  expect(verified.exitCode).toBe(0);
}

describe('codi audit', () => {
  test('shows, proves and verifies with a running daemon', async () => {
    await checkAll();
    const text = await codi(['audit', 'verify']);
    expect(text.out).toMatch(/^verified 4\d\d entries in \d+ blocks in [\d.]+ m?s\n$/);
  });

  test('says what is wrong with a question', async () => {
    expect(await codi(['audit', 'prove', 'log:9999'])).toMatchObject({ exitCode: 5 });
    expect(await codi(['audit', 'prove', 'file:1'])).toMatchObject({ exitCode: 5 });
    expect(await codi(['audit', 'prove', 'nonsense'])).toMatchObject({ exitCode: 2 });
    expect(await codi(['audit', 'verify', '--database', 'x'])).toMatchObject({ exitCode: 2 });
    expect(await codi(['audit', 'verify', '--proof', 'absent'])).toMatchObject({ exitCode: 5 });
    const missingKey = ['audit', 'verify', '--proof', 'proof.json', '--key', 'absent'];
    expect(await codi(missingKey)).toMatchObject({ exitCode: 5 });
    expect(await codi(['audit'])).toMatchObject({ exitCode: 2 });
  });

  test('checks a proof with a key that is given itself, and refuses an altered one', async () => {
    const proof = readFileSync(join(place.home, 'proof.json'), 'utf8');
    const line = readFileSync(file('audit/key.pub'), 'utf8').split('\n')[0]!;
    const check = (stdin: string) =>
      codi(['audit', 'verify', '--proof', '-', '--key', line], { stdin, env: {} });
    expect(await check(proof)).toMatchObject({ exitCode: 0 });
    const altered = await check(proof.replace('"level": "Info"', '"level": "Error"'));
    expect(altered).toMatchObject({ exitCode: 6 });
    expect(altered.out).toMatch(/^not proved: its entry is not the one in the block/);
    expect(await check('no json')).toMatchObject({ exitCode: 6 });
  });

  test('checks that all begins with a checkpoint that was kept elsewhere', async () => {
    const head = await codi(['audit', 'head']);
    const kept = join(place.home, 'kept.note');
    writeFileSync(kept, head.out);
    await codi(['log', 'later']);
    const line = ['audit', 'verify', '--checkpoint', 'kept.note'];
    expect(await codi(line)).toMatchObject({ exitCode: 0 });
    writeFileSync(kept, head.out.replace(/\n([1-9])(\d*)\n/, '\n$1$20\n'));
    const forged = await codi(line);
    expect(forged).toMatchObject({ exitCode: 2 });
    expect(forged.notes).toMatch(/does not hold: the signature/);
    writeFileSync(kept, 'no note\n');
    expect(await codi(line)).toMatchObject({ exitCode: 2 });
  });

  test('finds what was altered while the daemon runs', async () => {
    const database = new Database(file('ledger.db'));
    database.exec("UPDATE logs SET message = 'altered' WHERE id = 5");
    const found = await codi(['audit', 'verify', '--database', 'ledger']);
    expect(found.exitCode).toBe(6);
    expect(found.out).toMatch(
      /^bad: ledger\.db, block 4, log:5: its entries do not match its leaf\n/,
    );
    expect(await codi(['audit', 'prove', '5'])).toMatchObject({ exitCode: 1 });
    database.exec("UPDATE logs SET message = 'entry 5' WHERE id = 5");
    database.close();
    await checkAll();
  });

  test('reads the files itself when no daemon runs, also after a crash', async () => {
    await daemon.kill();
    await checkAll();
    const text = await codi(['audit', 'verify']);
    expect(text.out).toMatch(/, offline\n$/);
  });

  test('leaves a data directory alone that a daemon holds on another socket', async () => {
    daemon = await startDaemon(place);
    const elsewhere = await codi(['audit', 'verify'], {
      socketPath: join(place.home, 'none.sock'),
    });
    expect(elsewhere).toMatchObject({ exitCode: 3 });
    expect(elsewhere.notes).toMatch(/a daemon is using .*\n.*--socket/);
    await daemon.stop();
  });

  test('finds what was altered offline, in the chain and in what follows from it', async () => {
    const alter = (sql: string) => {
      const database = new Database(file('ledger.db'));
      database.exec(sql);
      database.close();
    };
    alter("UPDATE logs SET component = 'other' WHERE id = 430");
    const found = await codi(['audit', 'verify', '--json']);
    expect(found.exitCode).toBe(6);
    const [{ findings }] = found.json() as [{ findings: { ranges: object[] }[] }];
    expect(findings).toHaveLength(1);
    expect(findings[0]!.ranges).toMatchObject([{ stream: 'log', last: 430 }]);
    alter(
      "UPDATE logs SET component = 'test' WHERE id = 430; INSERT INTO files SELECT 1, 'x', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL",
    );
    const index = await codi(['audit', 'verify']);
    expect(index.out).toMatch(/files: the row of x is not what its events make it/);
    alter('DELETE FROM files');
    rmSync(file('audit/state.checkpoint'));
    const missing = await codi(['audit', 'verify']);
    expect(missing.out).toMatch(/^bad: state\.db: audit\/state\.checkpoint is missing/);
    daemon = await startDaemon(place);
  });
});
