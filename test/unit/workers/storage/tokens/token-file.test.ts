import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TokenBook } from '#codi/workers/storage/tokens/token-book.js';
import {
  readTokenFile,
  tokenFilePath,
  waitingAct,
  writeTokenFile,
} from '#codi/workers/storage/tokens/token-file.js';

const UID = process.getuid!();
let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'codi-tokens-'));
  path = tokenFilePath(dir);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function someTokens() {
  const book = new TokenBook([], randomBytes);
  const { text, record } = book.create(
    { name: 'döner', scopes: ['admin'], expiresMs: 1_800_000_000_000 },
    1_700_000_000_000,
  );
  book.use(record.id, '::1', 1_700_000_000_000);
  book.create({ name: 'plain' }, 1_700_000_000_000);
  const act = waitingAct({
    atMs: 7,
    kind: 'token.create',
    subject: 'x',
    actor: 'me',
    data: { a: 1 },
  });
  return { text, content: { tokens: book.all(), acts: [act] } };
}

test('What is written is read again, and the file is private and holds no secret.', async () => {
  const { text, content } = someTokens();
  await writeTokenFile(dir, content);
  expect(await readTokenFile(dir, UID)).toEqual(content);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path, 'utf8')).not.toContain(text.slice(18));
});

test('No file is no tokens; one that others can read is made private.', async () => {
  expect(await readTokenFile(dir, UID)).toEqual({ tokens: [], acts: [] });
  await writeTokenFile(dir, someTokens().content);
  chmodSync(path, 0o644);
  await readTokenFile(dir, UID);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('A file of somebody else, a link, and what nobody understands let nobody in.', async () => {
  await writeTokenFile(dir, someTokens().content);
  await expect(readTokenFile(dir, UID + 1)).rejects.toThrow(/belongs to user/);
  const good = readFileSync(path, 'utf8');
  const broken = ['', '{', '[]', good.replace('"version": 1', '"version": 2'), good.slice(0, -40)];
  for (const text of [...broken, good.replace(/"sha256": "\w/, '"sha256": "')]) {
    writeFileSync(path, text);
    await expect(readTokenFile(dir, UID)).rejects.toMatchObject({ code: 'CODI_TOKENS_UNUSABLE' });
  }
  rmSync(path);
  symlinkSync('/dev/null', path);
  await expect(readTokenFile(dir, UID)).rejects.toThrow(/it is a link/);
});
