import { FlightRecorder, type Outcome } from './flight-recorder.ts';
import { Histogram } from './histogram.ts';
import type { Baseline } from './statistics.ts';

/** Takes what a traced actor does. Must not throw. */
export interface TraceSink {
  handled(
    type: string,
    atMs: number,
    waitMs: number,
    handleMs: number,
    outcome: Outcome,
    toWallMs: number,
  ): void;
  sent(to: string, type: string, result: string): void;
}

/** What is counted and remembered of one actor over all its incarnations. */
export class ActorLog {
  messagesIn = 0;
  messagesOut = 0;
  errors = 0;
  busyMs = 0;
  /** Turns' steps that took longer than the limit. */
  unresponsive = 0;
  longestMs = 0;
  /** The last such step. */
  lastBlock: { at: number; tookMs: number; message: string } | undefined;
  /** Set while its statistics are on. */
  baseline: Baseline | undefined;
  /** Set while somebody traces this actor. */
  sink: TraceSink | undefined;
  #recorder: FlightRecorder | undefined;
  #durations: Histogram | undefined;

  /** Made with the first message: an idle actor holds nothing. */
  get recorder(): FlightRecorder {
    this.#recorder ??= new FlightRecorder();
    return this.#recorder;
  }

  get durations(): Histogram {
    this.#durations ??= new Histogram();
    return this.#durations;
  }

  get hasRecords(): boolean {
    return this.#recorder !== undefined;
  }

  /** One message or event of the machine was handled. Times are monotonic, toWallMs makes them wall times. */
  handled(
    type: string,
    atMs: number,
    waitMs: number,
    handleMs: number,
    epoch: number,
    outcome: Outcome,
    toWallMs: number,
  ): void {
    if (outcome !== 'handled') this.errors += 1;
    this.durations.add(handleMs);
    this.recorder.record(type, atMs, waitMs, handleMs, epoch, outcome);
    this.sink?.handled(type, atMs, waitMs, handleMs, outcome, toWallMs);
  }
}
