import type { BodyOf } from '../protocol/messages.ts';

/** Which answer belongs to which request. */
export interface AnswerOf {
  LogEntry: BodyOf<'Acknowledgment'>;
  LogBatch: BodyOf<'Acknowledgment'>;
  StartMonitoring: BodyOf<'Acknowledgment'>;
  StopMonitoring: BodyOf<'Acknowledgment'>;
  SessionStart: BodyOf<'Acknowledgment'>;
  SessionEnd: BodyOf<'Acknowledgment'>;
  SessionHeartbeat: BodyOf<'Acknowledgment'>;
  QueryLogs: BodyOf<'LogResults'>;
  Health: BodyOf<'Status'>;
  QueryEvents: BodyOf<'EventResults'>;
  ListFiles: BodyOf<'FileResults'>;
  ListWatches: BodyOf<'WatchResults'>;
  ListSessions: BodyOf<'SessionResults'>;
  Sync: BodyOf<'Synced'>;
  QueryActs: BodyOf<'ActResults'>;
  QueryGaps: BodyOf<'GapResults'>;
  ListDuplicates: BodyOf<'DuplicateResults'>;
  QueryHistory: BodyOf<'HistoryResults'>;
  AuditHead: BodyOf<'AuditHeads'>;
  AuditProve: BodyOf<'AuditProof'>;
  AuditVerify: BodyOf<'AuditFindings'>;
  StoreStats: BodyOf<'StoreStatus'>;
  CompactStore: BodyOf<'StoreCompacted'>;
  BackUpStore: BodyOf<'StoreBackedUp'>;
  CreateToken: BodyOf<'TokenCreated'>;
  ListTokens: BodyOf<'TokenResults'>;
  RevokeToken: BodyOf<'TokensRevoked'>;
  QueryExports: BodyOf<'ExportResults'>;
  CaptureExport: BodyOf<'ExportCaptured'>;
}

export type AskableKind = keyof AnswerOf;

/** The kind of answer that each request waits for. */
export const ANSWER_KIND = {
  LogEntry: 'Acknowledgment',
  LogBatch: 'Acknowledgment',
  StartMonitoring: 'Acknowledgment',
  StopMonitoring: 'Acknowledgment',
  SessionStart: 'Acknowledgment',
  SessionEnd: 'Acknowledgment',
  SessionHeartbeat: 'Acknowledgment',
  QueryLogs: 'LogResults',
  Health: 'Status',
  QueryEvents: 'EventResults',
  ListFiles: 'FileResults',
  ListWatches: 'WatchResults',
  ListSessions: 'SessionResults',
  Sync: 'Synced',
  QueryActs: 'ActResults',
  QueryGaps: 'GapResults',
  ListDuplicates: 'DuplicateResults',
  QueryHistory: 'HistoryResults',
  AuditHead: 'AuditHeads',
  AuditProve: 'AuditProof',
  AuditVerify: 'AuditFindings',
  StoreStats: 'StoreStatus',
  CompactStore: 'StoreCompacted',
  BackUpStore: 'StoreBackedUp',
  CreateToken: 'TokenCreated',
  ListTokens: 'TokenResults',
  RevokeToken: 'TokensRevoked',
  QueryExports: 'ExportResults',
  CaptureExport: 'ExportCaptured',
} as const satisfies Record<AskableKind, string>;
