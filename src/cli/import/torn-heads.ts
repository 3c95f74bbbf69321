import type { JsonMachine } from './json-machine.ts';
import { unreadable } from './read-event.ts';
import type { Unreadable, UnreadableReason } from './read-event.ts';

/** The beginning of an object whose rest has not come yet. */
export interface TornHead {
  readonly pieces: Uint8Array[];
  /** Stands behind the last piece. */
  machine: JsonMachine;
  readonly line: number;
  lastLine: number;
}

/** Appenders that were interrupted go on within a few lines, or never. */
const LINES_LIMIT = 32;
const COUNT_LIMIT = 8;

/** The torn heads, oldest first; few and not for long. */
export class TornHeads {
  #heads: TornHead[] = [];
  readonly #report: (unreadable: Unreadable) => void;

  constructor(report: (unreadable: Unreadable) => void) {
    this.#report = report;
  }

  get isEmpty(): boolean {
    return this.#heads.length === 0;
  }

  all(): readonly TornHead[] {
    return this.#heads;
  }

  add(head: TornHead): void {
    this.#heads.push(head);
    if (this.#heads.length > COUNT_LIMIT) this.giveUp(this.#heads[0]!, 'torn');
  }

  remove(head: TornHead): void {
    this.#heads = this.#heads.filter((other) => other !== head);
  }

  giveUp(head: TornHead, reason: UnreadableReason): void {
    this.remove(head);
    this.#report(unreadable(reason, Buffer.concat(head.pieces), head.line, head.lastLine));
  }

  /** Gives up those that waited too long. */
  reachLine(line: number): void {
    for (const head of this.#heads) {
      if (line - head.lastLine > LINES_LIMIT) this.giveUp(head, 'torn');
    }
  }

  giveUpAll(): void {
    for (const head of this.#heads) this.giveUp(head, 'torn');
  }
}
