import type { AnswerOf } from '../client/answers.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { BodyOf } from '../protocol/messages.ts';
import type { Invocation } from './invocation.ts';

/** A proof of a long chain takes a while when nothing of it is in memory. */
const ANSWER_TIMEOUT_MS = 60_000;

type AuditRequest = 'AuditHead' | 'AuditProve' | 'AuditVerify';

/** Who answers questions about proofs: the daemon, or its files while it does not run. */
export interface AuditSource {
  isDaemon: boolean;
  ask<Kind extends AuditRequest>(kind: Kind, body: BodyOf<Kind>): Promise<AnswerOf[Kind]>;
}

/** Runs with the daemon when one answers, else with its files. */
export async function withAuditSource<Result>(
  invocation: Invocation,
  use: (source: AuditSource) => Promise<Result>,
): Promise<Result> {
  const client = await invocation
    .connect({ attempts: 1, requestTimeoutMs: ANSWER_TIMEOUT_MS })
    .catch((error: unknown) => {
      if (isCodiError(error) && error.code === 'CODI_UNREACHABLE') return undefined;
      throw error;
    });
  if (!client) return withFiles(invocation, use);
  try {
    return await use({ isDaemon: true, ask: (kind, body) => client.request(kind, body) });
  } finally {
    await client.close();
  }
}

async function withFiles<Result>(
  invocation: Invocation,
  use: (source: AuditSource) => Promise<Result>,
): Promise<Result> {
  const { dataDir } = await invocation.endpoint();
  const { openOffline } = await import('./offline-store.ts');
  const store = await openOffline(dataDir, invocation);
  try {
    return await use({ isDaemon: false, ask: (kind, body) => store.request(kind, body) });
  } catch (error) {
    throw isCodiError(error) && error.code === 'CODI_STORE_IN_USE' ? heldElsewhere(dataDir) : error;
  } finally {
    await store.close();
  }
}

/** Nobody answered on our socket, and yet a daemon has the files. */
function heldElsewhere(dataDir: string): CodiError {
  const hint = 'name its socket with --socket, or stop it with `codi daemon stop`';
  return new CodiError('CODI_STORE_IN_USE', { dataDir }, { hint });
}
