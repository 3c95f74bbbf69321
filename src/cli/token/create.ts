import { open, rm } from 'node:fs/promises';
import { CodiError } from '../../protocol/errors.ts';
import { SCOPES, type Scope } from '../../protocol/scopes.ts';
import { readChoice, readDurationMs } from '../argument-values.ts';
import type { Invocation } from '../invocation.ts';
import { parseDuration, parseTime } from '../time-expression.ts';
import { usageError } from '../usage-error.ts';
import { askTokens } from './token-source.ts';

export interface CreateOptions {
  scope?: string;
  expires?: string;
  out?: string;
  /** Given when it replaces another. */
  overlap?: string;
}

/** `codi token create` and `codi token rotate`: prints the secret, which is nowhere else, or writes it to a file. */
export async function createToken(
  name: string,
  options: CreateOptions,
  invocation: Invocation,
): Promise<void> {
  const { scope, expires, out: path, overlap } = options;
  const body = {
    name,
    scopes: scope === undefined ? null : readScopes(scope),
    expires_at: expires === undefined ? null : readExpiry(expires, invocation.io.nowMs()),
    rotates: overlap !== undefined,
    overlap_ms: overlap === undefined ? null : readDurationMs(overlap),
  };
  // The file first: a token that cannot be written anywhere would be valid and known to nobody.
  const file = path === undefined ? undefined : await openNew(path);
  let made: Awaited<ReturnType<typeof askTokens<'CreateToken'>>>;
  try {
    made = await askTokens('CreateToken', body, invocation);
    await file?.writeFile(`${made.token}\n`);
    await file?.sync();
  } catch (error) {
    if (path !== undefined) await rm(path, { force: true });
    throw error;
  } finally {
    await file?.close();
  }
  await print(made, path, invocation);
}

async function print(
  made: {
    token: string;
    id: string;
    name: string;
    expires_at?: string | null | undefined;
  } & object,
  path: string | undefined,
  invocation: Invocation,
): Promise<void> {
  const { globals, out } = invocation;
  const { token, ...about } = { ...made, request_id: undefined };
  if (globals.json)
    return out.json({ ...about, ...(path === undefined ? { token } : { file: path }) });
  if (path === undefined) await out.line(token);
  else if (!globals.quiet) await out.line(`token ${made.name} written to ${path}`);
  if (path === undefined)
    await invocation.note('this is shown once; keep it where nobody else reads it');
  if (made.expires_at != null) await invocation.note(`valid until ${made.expires_at}`);
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === 'EEXIST' ? 'it is there already' : message;
    throw new CodiError('CODI_PATH_INVALID', { path, reason });
  }
}

function readScopes(text: string): Scope[] {
  const names = text.split(',').map((name) => name.trim());
  return [...new Set(names.map((name) => readChoice(name, SCOPES, 'scope')))];
}

/** A duration counts from now on. */
function readExpiry(text: string, nowMs: number): string {
  const duration = parseDuration(text);
  if (duration.ok) return new Date(nowMs + duration.value).toISOString();
  const time = parseTime(text, nowMs);
  if (!time.ok) throw usageError(`'${text}' is no time`, 'give a duration such as 90d, or a time');
  if (Date.parse(time.value) <= nowMs) throw usageError(`'${text}' is over already`);
  return time.value;
}
