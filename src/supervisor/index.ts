/** An Erlang-style runtime: supervised actors, each a pure state machine in a cell of its own. */
export type { ActorView, WorkerView } from './actor-view.ts';
export { backoffDelayMs } from './backoff.ts';
export { behaviour } from './behaviour.ts';
export type { Behaviour, EffectHandlers, FinalOutput, Lifecycle } from './behaviour.ts';
export type { AskResult, Question } from './ask.ts';
export type { ActorRef, CellContext, Monitor, Scope, SendResult } from './cell-context.ts';
export { checkChildSpecs } from './check-spec.ts';
export type {
  ActorSpec,
  AutoShutdown,
  Backoff,
  Budget,
  Heartbeat,
  ChildSpec,
  Isolation,
  MailboxSpec,
  PoisonSpec,
  Restart,
  Shutdown,
  Strategy,
  SupervisorSpec,
} from './child-spec.ts';
export type { Clock, Timer } from './clock.ts';
export type { CrashReport, MachineSnapshot, PlainError, Redact } from './crash-report.ts';
export type { CrashRecord } from './crash-store.ts';
export type {
  DeadLetter,
  DeadLetterCause,
  DeadLetterCounts,
  ReplayResult,
} from './dead-letters.ts';
export { describeError } from './describe-error.ts';
export { EarlyHosts } from './early-hosts.ts';
export type { Environment, Host, HostExit, HostOptions } from './environment.ts';
export { describeExit, isCleanExit, StartError } from './exit-reason.ts';
export type { ExitReason, OperatorWord } from './exit-reason.ts';
export type { Cause, Explanation } from './explain.ts';
export type { HostAlive } from './heartbeat.ts';
export { sendHeartbeats } from './heartbeat.ts';
export type { MessageHeader } from './flight-recorder.ts';
export { isBlocking, readInFlight } from './in-flight.ts';
export type { InFlight } from './in-flight.ts';
export type { ActorStats, MachineView, MachineViewResult } from './inspection.ts';
export type { ChangeSpecResult } from './live-change.ts';
export { nodeEnvironment } from './node-environment.ts';
export type { KillResult, ResumeResult, SuspendResult } from './operator.ts';
export { pathPattern } from './path-pattern.ts';
export type { PathPattern } from './path-pattern.ts';
export { shapeOf } from './plain-data.ts';
export type { Plain } from './plain-data.ts';
export type { Down } from './relations.ts';
export type { Offender, ReportRecord } from './report-store.ts';
export type { Report } from './report.ts';
export type { RuntimeCounters, Unstopped } from './runtime.ts';
export { diffResources } from './resource-counts.ts';
export type { ResourceChange, ResourceCount } from './resource-counts.ts';
export type { PendingTimer, Resource } from './scope.ts';
export type { Statistics, StatisticsResult } from './statistics.ts';
export { startSystem } from './system.ts';
export type { StopReport, System, SystemOptions } from './system.ts';
export type {
  ChildCounts,
  ChildInfo,
  DeleteChildResult,
  RestartChildResult,
  StartChildResult,
} from './admin.ts';
export type { TraceEnd, TraceEvent, TraceOptions, TraceResult } from './trace.ts';
export type { LoneNode, TreeDelta, TreeDeltas } from './tree-log.ts';
export type { TreeNode } from './tree-node.ts';
export { ownerOfCurrentContext } from './turn-context.ts';
export type { TurnOwner } from './turn-context.ts';
