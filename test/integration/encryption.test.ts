import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { runInProcess } from '../support/cli-harness.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import {
  allBytes,
  filesWith,
  fingerprint,
  KEY,
  OTHER_KEY,
  withCiphers,
} from '../support/encryption.ts';

/** What no file may hold: parts of entries, sessions, names of files and of watched folders. */
const SECRETS = [
  'MessageSecret',
  'ComponentSecret',
  'MetadataSecret',
  'IdentitySecret',
  'NameSecret',
];
const SMALL = {
  CODI_STORAGE_SIZE_LIMIT: '64KiB',
  CODI_STORAGE_SEGMENT_BYTES: '64KiB',
  CODI_STORAGE_RETENTION_INTERVAL: '7d',
  CODI_STORAGE_FULL_TEXT: 'true',
};
const ENTRIES = 60;

let place: DaemonPlace;
let daemon: RunningDaemon | undefined;
let keyFile: string;
beforeEach(() => {
  place = newPlace();
  keyFile = join(place.home, 'store.key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await daemon?.kill().catch(() => undefined);
  daemon = undefined;
  place.remove();
});

const start = async (env: Record<string, string> = {}, roots: string[] = []) => {
  const given = { CODI_STORAGE_ENCRYPTION_KEY_FILE: keyFile, ...SMALL, ...env };
  return (daemon = await startDaemon(place, roots, { env: given }));
};
const codi = (line: string, env: Record<string, string> = {}, dataDir = place.dataDir) =>
  runInProcess([...line.split(' '), '--data-dir', dataDir], {
    socketPath: place.socketPath,
    cwd: place.home,
    env: { CODI_STORAGE_ENCRYPTION_KEY_FILE: keyFile, ...env },
  });
const NO_KEY = { CODI_STORAGE_ENCRYPTION_KEY_FILE: '' };

async function write(client: MonitorClient): Promise<void> {
  await client.request('SessionStart', { session_id: 's-1', identity: 'IdentitySecret' });
  for (let at = 0; at < ENTRIES; at++)
    await client.log({
      level: 'Info',
      component: 'ComponentSecret',
      message: `MessageSecret ${at} ${'x'.repeat(4_000)}`,
      metadata: { at, text: 'MetadataSecret' },
    });
}

async function filled(env: Record<string, string> = {}): Promise<RunningDaemon> {
  const root = join(place.home, 'NameSecret');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'NameSecret.txt'), 'x');
  const running = await start(env, [root]);
  const client = await running.client();
  await write(client);
  await client.close();
  return running;
}

withCiphers(
  'no byte of an entry is plain in any file: while it runs, after kill -9, after a stop, in a backup',
  async () => {
    const running = await filled();
    expect((await codi('store compact')).exitCode).toBe(0);
    const backup = join(place.home, 'backup');
    expect((await codi(`store backup ${backup}`)).exitCode).toBe(0);
    expect(filesWith(place.dataDir, SECRETS)).toEqual([]);
    expect(filesWith(backup, SECRETS)).toEqual([]);
    expect(allBytes(place.dataDir).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ledger.db', 'ledger.db-wal', 'state.db', 'state.db-wal']),
    );
    // A segment is compressed: its text would not be found in a plain one either.
    const segments = allBytes(join(place.dataDir, 'archive'));
    expect(segments.length).toBeGreaterThan(0);
    for (const { name, bytes } of segments) {
      expect(name).toMatch(/\.jsonl\.gz\.enc$/);
      expect(bytes.subarray(0, 8).toString()).toBe('codiseg1');
      expect(bytes.indexOf(Buffer.from([0x1f, 0x8b, 8]))).toBe(bytes.length - 34);
    }
    await running.kill();
    expect(filesWith(place.dataDir, SECRETS)).toEqual([]);
    expect(await (await start()).stop()).toBe(0);
    expect(filesWith(place.dataDir, SECRETS)).toEqual([]);
  },
  60_000,
);

withCiphers(
  'what was acknowledged before kill -9 is there after it, and every command reads it',
  async () => {
    const running = await filled();
    await running.kill();
    const again = await start();
    const [stats] = (await codi('store stats --json')).json();
    expect(stats!['streams']).toContainEqual({ name: 'logs', rows: ENTRIES, last: ENTRIES });
    expect((await codi('store compact')).out).toContain('archived');
    for (const line of ['audit verify', 'audit head', 'store stats', 'store ls', 'query --limit 3'])
      expect((await codi(line, NO_KEY)).exitCode, line).toBe(line === 'store ls' ? 78 : 0);
    const backup = join(place.home, 'backup');
    expect((await codi(`store backup ${backup}`, NO_KEY)).exitCode).toBe(0);
    expect(await again.stop()).toBe(0);
    daemon = undefined;

    expect(
      (await codi('query --offline --full-text --text MessageSecret --limit 2')).out,
    ).toContain('MessageSecret');
    expect((await codi('events --offline')).exitCode).toBe(0);
    expect((await codi('store cat')).out).toContain('NameSecret.txt');
    expect((await codi('store cat')).json()).toContainEqual(
      expect.objectContaining({ component: 'ComponentSecret' }),
    );
    expect((await codi('audit verify')).out).toContain('archive segments');
    expect((await codi('store verify')).exitCode).toBe(0);
    expect((await codi('store stats')).exitCode).toBe(0);
    const proof = await codi('audit prove 1 --json');
    expect(proof.exitCode).toBe(0);
    // The copy needs the key as well, and is nobody's without it.
    const other = join(place.home, 'other');
    mkdirSync(other);
    expect((await codi(`store restore ${backup}`, NO_KEY, other)).exitCode).toBe(78);
    expect((await codi(`store restore ${backup}`, {}, other)).exitCode).toBe(0);
    expect(filesWith(other, SECRETS)).toEqual([]);
    expect((await codi('query --offline --limit 1', {}, other)).out).toContain('MessageSecret');
  },
  90_000,
);

withCiphers(
  'a key that is missing, wrong or not asked for stops the daemon and the commands before they touch anything',
  async () => {
    await (await filled()).kill();
    daemon = undefined;
    writeFileSync(join(place.home, 'other.key'), OTHER_KEY, { mode: 0o600 });
    const before = fingerprint(place.dataDir);
    const cases: [Record<string, string>, string][] = [
      [NO_KEY, 'CODI_STORE_ENCRYPTED'],
      [
        { CODI_STORAGE_ENCRYPTION_KEY_FILE: join(place.home, 'other.key') },
        'CODI_ENCRYPTION_KEY_WRONG',
      ],
      [{ CODI_STORAGE_ENCRYPTION_KEY: KEY }, 'CODI_ENCRYPTION_KEY_UNUSABLE'],
      [{ CODI_STORAGE_ENCRYPTION_KEY_FILE: '/nowhere/key' }, 'CODI_ENCRYPTION_KEY_UNUSABLE'],
    ];
    for (const [env, code] of cases) {
      await expect(start(env), code).rejects.toThrow(new RegExp(`exited with 78.*${code}`, 's'));
      for (const line of [
        'query --offline',
        'audit verify',
        'store stats',
        'store ls',
        'store cat',
      ]) {
        const { exitCode, notes } = await codi(line, env);
        expect({ line, exitCode }).toEqual({ line, exitCode: 78 });
        expect(notes).toContain(code);
      }
    }
    chmodSync(keyFile, 0o644);
    await expect(start()).rejects.toThrow('chmod 600');
    chmodSync(keyFile, 0o600);
    expect(fingerprint(place.dataDir)).toEqual(before);
    // A card that was lost is written anew by whoever has the key, and only then.
    rmSync(join(place.dataDir, 'encryption.json'));
    await expect(
      start({ CODI_STORAGE_ENCRYPTION_KEY_FILE: join(place.home, 'other.key') }),
    ).rejects.toThrow('CODI_ENCRYPTION_KEY_WRONG');
    await (await start()).stop();
    expect(fingerprint(place.dataDir)).toHaveProperty('encryption.json', before['encryption.json']);
  },
  90_000,
);

withCiphers(
  'a key for a store that is plain is refused, and says how to encrypt it',
  async () => {
    await (await start(NO_KEY)).stop();
    const before = fingerprint(place.dataDir);
    await expect(start()).rejects.toThrow(/exited with 78.*CODI_STORE_PLAIN.*codi store rekey/s);
    expect((await codi('query --offline')).exitCode).toBe(78);
    expect(fingerprint(place.dataDir)).toEqual(before);
  },
  60_000,
);

withCiphers(
  'the key is in no argument, no environment of a child, no view and no line of the daemon',
  async () => {
    const running = await filled({ ...NO_KEY, CODI_STORAGE_ENCRYPTION_KEY: KEY });
    const family = [running.pid, ...childrenOf(running.pid)];
    expect(family.length).toBeGreaterThan(1);
    for (const pid of family)
      expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain(KEY);
    for (const pid of family.slice(1))
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(KEY);
    const key = { ...NO_KEY, CODI_STORAGE_ENCRYPTION_KEY: KEY };
    const seen: string[] = [];
    const look = async (line: string) => {
      const { out, notes } = await codi(line, key);
      seen.push(out, notes);
    };
    await look('kill core/storage/ledger-writer --json');
    const actors = [
      'notary',
      'ledger-writer',
      'state-writer',
      'readers',
      'maintenance',
      'retention',
    ];
    for (const name of actors)
      for (const verb of ['inspect', 'peek', 'why', 'recent'])
        await look(`${verb} core/storage/${name} --json`);
    for (const line of [
      'tree --json',
      'crashes --json',
      'config show --json',
      'config check',
      'status -v',
      'leaks',
    ])
      await look(line);
    expect(seen.join('').length).toBeGreaterThan(1_000);
    const bytes = Buffer.from(KEY);
    const forms = [
      KEY,
      bytes.toString('hex'),
      bytes.toString('base64'),
      bytes.subarray(0, 8).join(','),
    ];
    for (const form of forms) {
      expect(seen.join('\n')).not.toContain(form);
      expect(running.stderr()).not.toContain(form);
      expect(filesWith(place.dataDir, [form])).toEqual([]);
    }
  },
  90_000,
);

test('a key without the package that encrypts is refused in one line that says what to install', async () => {
  const preload = fileURLToPath(new URL('../fixtures/without-ciphers.cjs', import.meta.url));
  const env = { NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --require "${preload}"` };
  await expect(start(env)).rejects.toThrow(
    /exited with 78.*CODI_ENCRYPTION_UNAVAILABLE.*npm install better-sqlite3-multiple-ciphers@/s,
  );
  expect(allBytes(place.dataDir).map(({ name }) => name)).toEqual(['lock.db']);
}, 30_000);

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}
