/**
 * Creates, lists and revokes tokens for a command that runs without the daemon. Holds the lock of the data directory
 * while it works, so that no daemon starts in between. One message `{ kind, body, by, uid }`, answered by `{ body }` or
 * `{ error }`. What it did waits in the file until a daemon puts it into the ledger.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { BodyOf } from '../../protocol/messages.ts';
import { REQUESTS } from '../../protocol/requests.ts';
import { holdDirectory } from './hold-store.ts';
import { TokenBook } from './tokens/token-book.ts';
import { actOfCreation, actOfRevocation, wishOf } from './tokens/token-change.ts';
import { readTokenFile, waitingAct, writeTokenFile, type TokenFile } from './tokens/token-file.ts';
import { tokenRow } from './tokens/token-rows.ts';
import { mainThread, workerOptions } from './worker-data.ts';

interface Request {
  kind: 'CreateToken' | 'ListTokens' | 'RevokeToken';
  body: unknown;
  /** Who asks, for the ledger. */
  by: string;
  uid: number;
}

const port = mainThread();
const { dataDir } = workerOptions<{ dataDir: string }>();

port.once('message', (request: Request) => {
  void answer(request)
    .then(
      (body) => port.postMessage({ body }),
      (error: unknown) => port.postMessage({ error: asCodi(error).toWire() }),
    )
    .finally(() => port.close());
});

async function answer(request: Request): Promise<object> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = holdDirectory(dataDir, 'name its socket with --socket');
  try {
    const file = await readTokenFile(dataDir, request.uid);
    return await change(request, file);
  } finally {
    lock.release();
  }
}

async function change({ kind, body, by }: Request, file: TokenFile): Promise<object> {
  const book = new TokenBook(file.tokens, randomBytes);
  const nowMs = Date.now();
  if (kind === 'ListTokens') return { tokens: book.all().map(tokenRow) };
  const save = (act: { kind: string; subject: string; actor: string; data: object }) =>
    writeTokenFile(dataDir, {
      tokens: book.all(),
      acts: [...file.acts, waitingAct({ ...act, atMs: nowMs })],
    });
  if (kind === 'CreateToken') {
    const wish = checked('CreateToken', body);
    const { text, record } = book.create(wishOf(wish), nowMs);
    await save(actOfCreation(wish, record, by));
    return { token: text, ...tokenRow(record) };
  }
  const { name, id } = checked('RevokeToken', body);
  const gone = book.revoke(name, id ?? undefined);
  await save(actOfRevocation(gone, by, 0));
  return { ids: gone.map((record) => record.id), closed: 0 };
}

function checked<Kind extends 'CreateToken' | 'RevokeToken'>(
  kind: Kind,
  body: unknown,
): BodyOf<Kind> {
  const result = REQUESTS[kind].safeParse(body);
  if (result.success) return result.data as BodyOf<Kind>;
  const [issue] = result.error.issues;
  throw new CodiError('CODI_MESSAGE_INVALID', { reason: issue?.message ?? 'it is not valid' });
}

function asCodi(error: unknown): CodiError {
  if (isCodiError(error)) return error;
  return new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: (error as Error).message });
}
