/** Bounds of what may wait for the ledger in memory. */
export interface IngestLimits {
  limitBytes: number;
  limitFrames: number;
  /** Past this much of one connection, it should not be read for a while. */
  connectionBytes: number;
  /** A commit group is capped near this size, so one client's flood is not another's latency. */
  batchBytes: number;
  /** How much may be at the ledger thread unanswered at once, and in how many messages. */
  inFlightBytes: number;
  inFlightCount: number;
}
