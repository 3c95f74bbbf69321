/**
 * `codi audit` without a daemon, as a child process of the CLI: one question, one answer, in order. It ends
 * with its parent, and Ctrl-C is the parent's to handle.
 */
import type { AuditAnswer, AuditQuestion } from '../../protocol/audit/audit-question.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { OfflineAudit } from './audit/offline-audit.ts';
import { judgeFailure } from './storage-failure.ts';

let audit: OfflineAudit | undefined;

function answer({ id, dataDir, kind, body }: AuditQuestion): AuditAnswer {
  try {
    audit ??= new OfflineAudit(dataDir);
    if (kind === 'AuditHead') return { id, ok: true, body: audit.head() };
    if (kind === 'AuditProve') return { id, ok: true, body: audit.prove(body as never) };
    return { id, ok: true, body: audit.verify(body as never) };
  } catch (error) {
    return { id, ok: false, error: known(error).toWire() };
  }
}

function known(error: unknown): CodiError {
  if (isCodiError(error)) return error;
  const { code, message } = judgeFailure(error);
  return new CodiError(code, { reason: message, path: 'the database' }, { cause: error });
}

if (process.send) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', (question: AuditQuestion) => void process.send!(answer(question)));
} else {
  process.stderr.write('audit: to be started by codi only\n');
  process.exitCode = 2;
}
