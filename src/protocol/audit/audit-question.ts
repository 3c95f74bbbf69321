/** What the CLI and its audit process say to each other when no daemon runs: the daemon's own messages. */
import type { ErrorCode, WireError } from '../errors.ts';
import type { BodyOf } from '../messages.ts';

/** Every question about proofs, and its answer. */
export interface AuditAnswers {
  AuditHead: BodyOf<'AuditHeads'>;
  AuditProve: BodyOf<'AuditProof'>;
  AuditVerify: BodyOf<'AuditFindings'>;
}

export interface AuditQuestion<Kind extends keyof AuditAnswers = keyof AuditAnswers> {
  id: number;
  dataDir: string;
  kind: Kind;
  body: BodyOf<Kind>;
}

export type AuditAnswer =
  | { id: number; ok: true; body: AuditAnswers[keyof AuditAnswers] }
  | { id: number; ok: false; error: WireError & { code: ErrorCode } };
