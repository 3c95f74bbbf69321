import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readEncryptionKey } from '#codi/config/encryption-key.js';
import { loadConfig } from '#codi/config/load.js';
import type { CodiError } from '#codi/protocol/errors.js';

const TEXT = '0123456789abcdef'.repeat(4);
const uid = process.getuid?.() ?? 0;

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'codi-key-'));
  file = join(dir, 'key');
  writeFileSync(file, `${TEXT}\n`, { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const text = (key: Uint8Array | undefined) => key && Buffer.from(key).toString();

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect((error as CodiError).code).toBe('CODI_ENCRYPTION_KEY_UNUSABLE');
    const { message } = error as CodiError;
    expect(message).not.toContain(TEXT.slice(0, 16));
    return message;
  }
  throw new Error('it was taken');
}

it('is the same from a file and from the environment, without the blanks at its end', () => {
  expect(text(readEncryptionKey({ file, uid }))).toBe(TEXT);
  expect(text(readEncryptionKey({ text: `${TEXT} \r\n`, uid }))).toBe(TEXT);
  expect(readEncryptionKey({ uid })).toBeUndefined();
  expect(readEncryptionKey({ text: '', uid })).toBeUndefined();
});

it('comes from one place: two are refused', () => {
  expect(refusal(() => readEncryptionKey({ file, text: TEXT, uid }))).toContain('both name one');
});

it.each([0o640, 0o604, 0o660, 0o610])('is refused in a file of mode %o', (mode) => {
  chmodSync(file, mode);
  expect(refusal(() => readEncryptionKey({ file, uid }))).toContain('chmod 600');
});

it('is refused in a file of somebody else', () => {
  expect(refusal(() => readEncryptionKey({ file, uid: uid + 1 }))).toContain('belongs to user');
});

it('is refused where there is no file to read', () => {
  expect(refusal(() => readEncryptionKey({ file: join(dir, 'none'), uid }))).toContain('ENOENT');
  mkdirSync(join(dir, 'folder'), { mode: 0o700 });
  expect(refusal(() => readEncryptionKey({ file: join(dir, 'folder'), uid }))).toContain(
    'not a file',
  );
  execFileSync('mkfifo', ['-m', '600', join(dir, 'pipe')]);
  expect(refusal(() => readEncryptionKey({ file: join(dir, 'pipe'), uid }))).toContain(
    'not a file',
  );
});

it('is refused when it is too short, or no key at all', () => {
  writeFileSync(file, `${TEXT.slice(0, 31)}${' '.repeat(40)}\n`);
  expect(refusal(() => readEncryptionKey({ file, uid }))).toContain('31 bytes');
  writeFileSync(file, '');
  expect(refusal(() => readEncryptionKey({ file, uid }))).toContain('0 bytes');
  writeFileSync(file, 'x'.repeat(1_025));
  expect(refusal(() => readEncryptionKey({ file, uid }))).toContain('more than 1024');
});

it('is no setting: neither a file nor the environment brings it into the configuration', () => {
  const loaded = loadConfig({ env: { CODI_STORAGE_ENCRYPTION_KEY: TEXT } });
  expect(JSON.stringify(loaded)).not.toContain(TEXT);
  expect(loaded).toMatchObject({ ok: true, warnings: [] });
  const inFile = { path: '/config.toml', text: `[storage]\nencryption_key = "${TEXT}"\n` };
  const refused = loadConfig({ file: inFile, env: {} });
  expect(refused).toMatchObject({
    ok: false,
    errors: [{ key: 'storage.encryption_key', suggestion: 'storage.encryption_key_file' }],
  });
  expect(JSON.stringify(refused)).not.toContain(TEXT);
});
