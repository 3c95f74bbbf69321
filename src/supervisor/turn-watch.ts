import type { ActorLog } from './actor-log.ts';
import type { CellSite } from './cell-site.ts';
import { messageType } from './message-type.ts';
import type { Runtime } from './runtime.ts';

/** The message in hand; it stays until the next step. */
export interface InHand {
  message: unknown;
  type: string;
  bytes: number;
  /** Arrival, monotonic ms. */
  atMs: number;
}

const nothing = () => undefined;

/** Keeps the books of one incarnation's turns: marker, flight recorder, times. On the hot path. */
export class TurnWatch {
  inHand: InHand | undefined;
  readonly #site: CellSite;
  readonly #runtime: Runtime;
  readonly #log: ActorLog;
  readonly #epoch: number;
  #type: string | undefined;
  #waitMs = 0;
  #toWallMs = 0;

  constructor(site: CellSite, epoch: number) {
    this.#site = site;
    this.#runtime = site.runtime;
    this.#log = site.log;
    this.#epoch = epoch;
  }

  begin(atMs: number): void {
    const wallMs = this.#runtime.environment.clock.nowMs();
    this.#toWallMs = wallMs - atMs;
    this.#runtime.current = this.#log;
    this.#runtime.marker.begin(this.#site.mark, this.#epoch, wallMs);
  }

  end(): void {
    this.#runtime.current = undefined;
    this.#runtime.marker.end();
  }

  /** A callback of the cell runs: by itself, or inside of somebody's turn. */
  enter(): () => void {
    const runtime = this.#runtime;
    const outer = runtime.current;
    if (outer === this.#log) return nothing;
    if (outer) {
      runtime.current = this.#log;
      return () => {
        runtime.current = outer;
      };
    }
    const { clock } = runtime.environment;
    const startMs = clock.monotonicMs();
    this.begin(startMs);
    return () => {
      this.end();
      this.#took(undefined, clock.monotonicMs() - startMs);
    };
  }

  /** A step of the cell's own. */
  task(atMs: number): void {
    this.#type = undefined;
    this.inHand = undefined;
    this.#runtime.marker.message(undefined, this.#toWallMs + atMs);
  }

  event(type: string, atMs: number): void {
    this.#type = type;
    this.inHand = undefined;
    this.#waitMs = 0;
    this.#runtime.marker.message(type, this.#toWallMs + atMs);
  }

  message(message: unknown, bytes: number, arrivedMs: number, atMs: number): void {
    const type = messageType(message);
    this.#type = type;
    this.inHand = { message, type, bytes, atMs: arrivedMs };
    this.#waitMs = Math.max(0, atMs - arrivedMs);
    this.#log.messagesIn += 1;
    this.#runtime.marker.message(type, this.#toWallMs + atMs);
  }

  taken(atMs: number, endMs: number, hasFailed: boolean): void {
    const tookMs = endMs - atMs;
    const type = this.#type;
    if (type !== undefined) {
      const outcome = hasFailed ? 'crashed' : 'handled';
      this.#log.handled(type, atMs, this.#waitMs, tookMs, this.#epoch, outcome, this.#toWallMs);
    }
    this.#took(type, tookMs);
    if (!hasFailed) this.inHand = undefined;
  }

  #took(type: string | undefined, tookMs: number): void {
    const log = this.#log;
    log.busyMs += tookMs;
    if (tookMs > log.longestMs) log.longestMs = tookMs;
    if (tookMs > this.#runtime.unresponsiveMs) this.#site.cellSlow(type, tookMs);
  }
}
