import type { ActorLog } from './actor-log.ts';
import type { ActorRef } from './cell-context.ts';
import type { ActorSpec } from './child-spec.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Mailbox } from './mailbox.ts';
import type { Relations } from './relations.ts';
import type { Runtime } from './runtime.ts';
import type { Slot } from './slot.ts';

/** Where a cell lives: its slot in the tree. */
export interface CellSite {
  readonly path: string;
  readonly spec: ActorSpec;
  readonly runtime: Runtime;
  readonly mailbox: Mailbox;
  readonly ref: ActorRef<unknown>;
  readonly log: ActorLog;
  readonly relations: Relations;
  readonly slot: Slot;
  /** Its path for the in-flight marker. */
  readonly mark: Uint8Array;
  cellReady(): void;
  /** It ends for a reason that is a failure; everything it was is still there. */
  cellFailing(reason: ExitReason): void;
  cellSlow(type: string | undefined, tookMs: number): void;
  /** A system message woke it from its suspension. */
  cellWoken(): void;
  /** A message was handled well by an actor that looks out for poison. */
  messageHandled(message: unknown): void;
  /** Once, after the last cleanup. isIgnored: it had nothing to do (OTP's ignore). */
  cellEnded(reason: ExitReason, isIgnored: boolean): void;
  mailboxDrained(): void;
}
