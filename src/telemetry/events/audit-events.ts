import { defineEvent, number, oneOf, text } from '../event-definition.ts';

const DATABASES = ['ledger', 'state'] as const;

export const AUDIT_EVENTS = {
  CheckpointSigned: defineEvent({
    level: 'trace',
    sentence: 'Signed {blocks} blocks of {database}.db.',
    fields: { database: oneOf('Which.', DATABASES), blocks: number('Blocks under the signature.') },
    metrics: [
      {
        name: 'codi_checkpoints_signed_total',
        type: 'counter',
        help: 'Checkpoints that were signed.',
        labels: ['database'],
      },
    ],
  }),
  CheckpointFailed: defineEvent({
    level: 'error',
    sentence: 'No checkpoint can be signed: {reason}.',
    fields: { reason: text('Why; it is tried again.') },
    metrics: [
      {
        name: 'codi_checkpoint_failures_total',
        type: 'counter',
        help: 'Times after which no checkpoint could be signed for a while.',
      },
    ],
    repeatedBy: ['reason'],
  }),
  AuditAlarm: defineEvent({
    level: 'error',
    sentence: 'What is stored ({about}) does not fit its signed checkpoints: {reason}.',
    fields: {
      about: oneOf('A database, or the key.', [...DATABASES, 'key']),
      reason: text('What was found.'),
    },
    metrics: [
      {
        name: 'codi_audit_alarms_total',
        type: 'counter',
        help: 'Findings that contradict a signed checkpoint, those of earlier runs included.',
        labels: ['about'],
      },
    ],
  }),
  AuditNotice: defineEvent({
    level: 'warn',
    sentence: 'Audit: {text}.',
    fields: { text: text('What a person should know of.') },
  }),
} as const;
