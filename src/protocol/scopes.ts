import type { RequestKind } from './kinds.ts';

/** What a token may be made for. `admin` includes the others. */
export const SCOPES = ['read', 'write', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** Which scope each kind of message needs; null: none beyond being let in. The compiler finds a hole. */
export const SCOPE_OF = {
  Hello: null,
  Health: null,
  LogEntry: 'write',
  LogBatch: 'write',
  SessionStart: 'write',
  SessionEnd: 'write',
  SessionHeartbeat: 'write',
  QueryLogs: 'read',
  QueryEvents: 'read',
  QueryActs: 'read',
  QueryGaps: 'read',
  ListFiles: 'read',
  ListDuplicates: 'read',
  QueryHistory: 'read',
  ListWatches: 'read',
  ListSessions: 'read',
  Follow: 'read',
  Unfollow: 'read',
  Sync: 'read',
  QueryExports: 'read',
  AuditHead: 'read',
  AuditProve: 'read',
  AuditVerify: 'read',
  StoreStats: 'read',
  StartMonitoring: 'admin',
  StopMonitoring: 'admin',
  CaptureExport: 'admin',
  CompactStore: 'admin',
  BackUpStore: 'admin',
  CreateToken: 'admin',
  ListTokens: 'admin',
  RevokeToken: 'admin',
} as const satisfies Record<RequestKind, Scope | null>;
