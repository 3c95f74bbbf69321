import type { CodiError } from '../protocol/errors.ts';

/** Bounds of the pipeline. */
export interface LogPipelineLimits {
  /** Entries that are sent and not answered. */
  windowCount: number;
  windowBytes: number;
  /** Entries that wait for a place in the window, encoded; beyond it they are refused at once. */
  backlogCount: number;
  backlogBytes: number;
  /** How long entries may stay unanswered in trouble before they fail. */
  deadlineMs: number;
  /** A connection on which an answer is due this long is given up. */
  answerTimeoutMs: number;
}

/** What the daemon said at the start of a connection. */
export interface PipelineTerms {
  committed: number;
  window: number;
}

/** What the pipeline asks of its owner. */
export interface LogPipelineHost {
  /** Nothing was accepted for `deadlineMs`; true when the owner has another way for what waits. */
  takesOver(error: CodiError): boolean;
  /** So many entries were given up or not taken, though nothing is wrong with them. */
  onDropped(count: number, error: CodiError): void;
  /** Entries wait and there is no connection. */
  wantConnection(): void;
  /** The present connection is of no use: drop it; a new producer id when asked. */
  replaceConnection(error: CodiError, options: { newProducer: boolean }): void;
}
