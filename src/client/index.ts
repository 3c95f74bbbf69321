export { MonitorClient } from './monitor-client.ts';
export type { MonitorClientOptions } from './client-options.ts';
export type { ClientCounts, ClientEvent, ClientMode } from './client-events.ts';
export type { FsyncPolicy, SpoolOptions } from './spool/settings.ts';
export type { TcpOptions, TlsOptions } from './targets.ts';
export type { AnswerOf, AskableKind } from './answers.ts';
export type { FollowedRows, FollowRequest, Subscription } from './follow.ts';
export type { LogEntryInput } from './log-entry.ts';
export type { Accepted, EntryPlace } from './entry-waiter.ts';
export { DebugClient } from './debug-client.ts';
export type { DebugClientOptions } from './debug-client.ts';
export type { DebugSubscription, SubscriptionOutcome } from './debug-subscription.ts';
export type * from '../protocol/debug/actor-views.ts';
export type * from '../protocol/debug/report-views.ts';
export type * from '../protocol/debug/tree-views.ts';
export type * from '../protocol/debug/verbs.ts';
export { CodiError, exitCodeOf, isCodiError } from '../protocol/errors.ts';
export type { ErrorCode } from '../protocol/errors.ts';
export type {
  ActRow,
  DuplicateRow,
  GapRow,
  EventRow,
  FileRow,
  LogRow,
  SessionRow,
  WatchRow,
} from '../protocol/messages.ts';
