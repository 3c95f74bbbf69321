import { fork, type ChildProcess } from 'node:child_process';
import type { AuditAnswer, AuditAnswers, AuditQuestion } from '../protocol/audit/audit-question.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { BodyOf } from '../protocol/messages.ts';
import type { Invocation } from './invocation.ts';

/** A verify of a large ledger reads for a while between two answers; a proof may have to wait for the notary. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Who answers questions about proofs: the daemon, or a process that reads its files while it does not run. */
export interface AuditSource {
  isDaemon: boolean;
  ask<Kind extends keyof AuditAnswers>(kind: Kind, body: BodyOf<Kind>): Promise<AuditAnswers[Kind]>;
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
    return await use({
      isDaemon: true,
      ask: async (kind, body) => (await client.request(kind, body)) as never,
    });
  } finally {
    await client.close();
  }
}

async function withFiles<Result>(
  invocation: Invocation,
  use: (source: AuditSource) => Promise<Result>,
): Promise<Result> {
  const { io } = invocation;
  const { dataDir } = await invocation.endpoint();
  const child = fork(io.auditEntry, [], {
    execPath: io.execPath,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let nextId = 1;
  try {
    return await use({
      isDaemon: false,
      ask: (kind, body) => askChild(child, { id: nextId++, dataDir, kind, body }) as never,
    });
  } finally {
    child.kill('SIGKILL');
  }
}

function askChild(child: ChildProcess, question: AuditQuestion): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (answer: AuditAnswer) => {
      if (answer.id !== question.id) return;
      settle();
      if (answer.ok) resolve(answer.body);
      else reject(CodiError.fromWire(answer.error));
    };
    const onExit = (code: number | null) => {
      settle();
      const reason = `the process that reads the files ended with ${code ?? 'a signal'}`;
      reject(new CodiError('CODI_INTERNAL', { reason }));
    };
    child.on('message', onMessage);
    child.once('exit', onExit);
    child.send(question);
  });
}
