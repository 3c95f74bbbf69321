/** Severity as it stands on the wire; the position is the number that is stored. */
export const LEVELS = ['Trace', 'Debug', 'Info', 'Warn', 'Error'] as const;

export type Level = (typeof LEVELS)[number];

/** How it is known which session a record belongs to; the position is the number that is stored. */
export const SESSION_BY = ['given', 'connection', 'path', 'config'] as const;

/**
 * `given`: the record named it. `connection`: its connection had named or started the session. `path`: at that time one
 * session alone worked in the innermost folder around the path. `config`: the daemon's configuration names one for all.
 */
export type SessionBy = (typeof SESSION_BY)[number];

/** What ended a session. */
export const SESSION_ENDS = ['client', 'run', 'timeout', 'process'] as const;

/**
 * `client`: somebody said so. `run`: the program that `codi run` was started for is over. `timeout`: there was no sign of
 * life for too long. `process`: its process is gone.
 */
export type SessionEndedBy = (typeof SESSION_ENDS)[number];

/** What a client may send. */
export const REQUEST_KINDS = [
  'LogEntry',
  'StartMonitoring',
  'StopMonitoring',
  'SessionStart',
  'SessionEnd',
  'QueryLogs',
  'Hello',
  'LogBatch',
  'Health',
  'QueryEvents',
  'ListFiles',
  'ListWatches',
  'ListSessions',
  'Sync',
  'Follow',
  'Unfollow',
  'QueryActs',
  'AuditHead',
  'AuditProve',
  'AuditVerify',
  'StoreStats',
  'CompactStore',
  'BackUpStore',
  'CreateToken',
  'ListTokens',
  'RevokeToken',
  'QueryExports',
  'CaptureExport',
  'QueryGaps',
  'SessionHeartbeat',
  'ListDuplicates',
  'QueryHistory',
] as const;

/** What the daemon answers with. */
export const ANSWER_KINDS = [
  'Acknowledgment',
  'LogResults',
  'Error',
  'Status',
  'Welcome',
  'EventResults',
  'FileResults',
  'WatchResults',
  'SessionResults',
  'Synced',
  'ActResults',
  'AuditHeads',
  'AuditProof',
  'AuditFindings',
  'StoreStatus',
  'StoreCompacted',
  'StoreBackedUp',
  'TokenCreated',
  'TokenResults',
  'TokensRevoked',
  'ExportResults',
  'ExportCaptured',
  'GapResults',
  'DuplicateResults',
  'HistoryResults',
] as const;

export type RequestKind = (typeof REQUEST_KINDS)[number];
export type AnswerKind = (typeof ANSWER_KINDS)[number];
export type MessageKind = RequestKind | AnswerKind;

const REQUESTS: ReadonlySet<string> = new Set(REQUEST_KINDS);
const KINDS: ReadonlySet<string> = new Set([...REQUEST_KINDS, ...ANSWER_KINDS]);

export function isRequestKind(kind: string): kind is RequestKind {
  return REQUESTS.has(kind);
}

export function isMessageKind(kind: string): kind is MessageKind {
  return KINDS.has(kind);
}
