/** An Erlang-style runtime: supervised actors, each a pure state machine in a cell of its own. */
export { backoffDelayMs } from './backoff.ts';
export { behaviour } from './behaviour.ts';
export type { Behaviour, EffectHandlers, FinalOutput, Lifecycle } from './behaviour.ts';
export type { ActorRef, CellContext, Scope, SendResult } from './cell-context.ts';
export type {
  ActorSpec,
  AutoShutdown,
  Backoff,
  Budget,
  ChildSpec,
  Isolation,
  MailboxSpec,
  Restart,
  Shutdown,
  Strategy,
  SupervisorSpec,
} from './child-spec.ts';
export type { Clock, Timer } from './clock.ts';
export { describeError } from './describe-error.ts';
export type { Environment, Host, HostExit, HostOptions } from './environment.ts';
export { describeExit, isCleanExit, StartError } from './exit-reason.ts';
export type { ExitReason } from './exit-reason.ts';
export { nodeEnvironment } from './node-environment.ts';
export type { Report } from './report.ts';
export type { RuntimeCounters } from './runtime.ts';
export { startSystem } from './system.ts';
export type { KillResult, StopReport, System, SystemOptions } from './system.ts';
export type {
  ChildCounts,
  ChildInfo,
  DeleteChildResult,
  RestartChildResult,
  StartChildResult,
} from './admin.ts';
export type { TreeNode } from './tree-node.ts';
export { ownerOfCurrentContext } from './turn-context.ts';
export type { TurnOwner } from './turn-context.ts';
