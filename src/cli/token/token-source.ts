import { Worker } from 'node:worker_threads';
import type { MonitorClient } from '../../client/monitor-client.ts';
import type { AnswerOf } from '../../client/answers.ts';
import { CodiError, isCodiError, type WireError } from '../../protocol/errors.ts';
import type { BodyOf } from '../../protocol/messages.ts';
import { workerEntry } from '../../config/package-files.ts';
import type { Invocation } from '../invocation.ts';

type TokenRequest = 'CreateToken' | 'ListTokens' | 'RevokeToken';

/** Asks the daemon, or where none runs works on the file, in a thread that holds the data directory meanwhile. */
export async function askTokens<Kind extends TokenRequest>(
  kind: Kind,
  body: BodyOf<Kind>,
  invocation: Invocation,
): Promise<AnswerOf[Kind]> {
  let client: MonitorClient;
  try {
    client = await invocation.connect({ attempts: 1 });
  } catch (error) {
    if (!isCodiError(error) || error.code !== 'CODI_UNREACHABLE') throw error;
    return askFile(kind, body, invocation);
  }
  try {
    return await client.request(kind, body);
  } finally {
    await client.close();
  }
}

async function askFile<Kind extends TokenRequest>(
  kind: Kind,
  body: BodyOf<Kind>,
  invocation: Invocation,
): Promise<AnswerOf[Kind]> {
  const { dataDir } = await invocation.endpoint();
  const { uid } = invocation.io;
  const worker = new Worker(workerEntry('storage/tokens.worker.js'), { workerData: { dataDir } });
  const answer = await new Promise<{ body: object } | { error: WireError }>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.postMessage({ kind, body, by: `codi without a daemon, uid ${uid}`, uid });
  });
  await new Promise((resolve) => worker.once('exit', resolve));
  if ('error' in answer) throw CodiError.fromWire(answer.error);
  return answer.body as AnswerOf[Kind];
}
