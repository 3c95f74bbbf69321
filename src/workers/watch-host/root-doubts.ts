import type { BytePath } from '../../protocol/byte-path.ts';
import type { GapReason } from '../../protocol/gap.ts';
import type { FromWatchHost } from './watch-host.messages.ts';

interface Doubt {
  readonly reason: GapReason;
  readonly path: BytePath | undefined;
  times: number;
  /** What led to it is over. */
  isOver: boolean;
  /** A full sweep that began after that is under way. */
  isSwept: boolean;
  /** All that it may have hidden is found, and on its way. */
  isClosing: boolean;
}

type WithoutRoot<Message> = Message extends { root: number } ? Omit<Message, 'root'> : never;
export type DoubtNews = WithoutRoot<Extract<FromWatchHost, { type: 'gap' | 'gapClosed' }>>;

export interface RootDoubtsPorts {
  tell(news: DoubtNews): void;
  /** Calls back with the number of the last batch once all that was found until now is sent. */
  whenSent(callback: (batch: number) => void): void;
}

/**
 * What is in doubt about a root, as its host knows it. Two ways to use it:
 * - `suspect`: something may have been missed; the next full sweep that begins from now on answers it.
 * - `open`, later `over` (a full sweep is still to come) or `settled` (whoever says so has looked at it all).
 * `path` is relative to the root; without it all of the root is meant. Each is told once, however often it is
 * suspected.
 */
export class RootDoubts {
  readonly #ports: RootDoubtsPorts;
  readonly #doubts = new Map<string, Doubt>();

  constructor(ports: RootDoubtsPorts) {
    this.#ports = ports;
  }

  suspect(reason: GapReason, detail?: string): void {
    this.open(reason, undefined, detail);
    this.over(reason);
  }

  open(reason: GapReason, path?: BytePath, detail?: string): void {
    const known = this.#doubts.get(keyOf(reason, path));
    if (known) {
      known.times += 1;
      known.isOver = known.isSwept = known.isClosing = false;
      return;
    }
    this.#doubts.set(keyOf(reason, path), {
      reason,
      path,
      times: 1,
      isOver: false,
      isSwept: false,
      isClosing: false,
    });
    this.#ports.tell({
      type: 'gap',
      reason,
      ...(path !== undefined && { path }),
      ...(detail !== undefined && { detail }),
    });
  }

  /** While the root is polled, what happens between two looks is not known. */
  polled({ mode, reason }: { mode: 'native' | 'poll'; reason: string | undefined }): void {
    if (mode === 'native') this.over('poll');
    else if (this.#doubts.get('poll')?.isOver !== false) this.open('poll', undefined, reason);
  }

  over(reason: GapReason, path?: BytePath): void {
    const doubt = this.#doubts.get(keyOf(reason, path));
    if (doubt) doubt.isOver = true;
  }

  settled(reason: GapReason, path?: BytePath): void {
    const doubt = this.#doubts.get(keyOf(reason, path));
    if (doubt) this.#close([doubt]);
  }

  /** The root is watched from the beginning: what is not opened again ends with the first look at all of it. */
  beginAnew(): void {
    for (const doubt of this.#doubts.values()) doubt.isOver = true;
  }

  /** Whether hints may be missing for a reason that is told. */
  get isInDoubt(): boolean {
    return [...this.#doubts.values()].some(({ reason }) => reason !== 'poll');
  }

  sweepBegins(): void {
    for (const doubt of this.#doubts.values()) doubt.isSwept = doubt.isOver;
  }

  sweepEnded(): void {
    this.#close([...this.#doubts.values()].filter(({ isSwept }) => isSwept));
  }

  /** The sweep that was under way will not end. */
  sweepBroken(): void {
    for (const doubt of this.#doubts.values()) doubt.isSwept = false;
  }

  #close(doubts: readonly Doubt[]): void {
    const closing = doubts.filter(({ isClosing }) => !isClosing);
    if (closing.length === 0) return;
    for (const doubt of closing) doubt.isClosing = true;
    this.#ports.whenSent((batch) => {
      for (const doubt of closing) if (doubt.isClosing) this.#tellClosed(doubt, batch);
    });
  }

  #tellClosed({ reason, path, times }: Doubt, batch: number): void {
    this.#doubts.delete(keyOf(reason, path));
    const at = path === undefined ? {} : { path };
    this.#ports.tell({ type: 'gapClosed', reason, ...at, times, batch });
  }
}

function keyOf(reason: GapReason, path: BytePath | undefined): string {
  return path === undefined ? reason : `${reason} ${path}`;
}
