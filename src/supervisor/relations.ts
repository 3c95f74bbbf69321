import type { ExitReason } from './exit-reason.ts';

/** The end of an incarnation, as others hear of it. */
export interface Down {
  path: string;
  /** Incarnation that ended; 0 when there was none (noproc). */
  epoch: number;
  reason: ExitReason;
}

/** Who takes part in links: an exit signal reaches its present incarnation. */
export interface LinkEnd {
  readonly path: string;
  exitSignal(down: Down): void;
}

/** Monitors on and links of one incarnation at a time; its end tells all and forgets them. */
export class Relations {
  readonly end: LinkEnd;
  readonly #monitors = new Set<(down: Down) => void>();
  readonly #links = new Set<Relations>();

  constructor(end: LinkEnd) {
    this.end = end;
  }

  /** One way; many per pair. Returns its end. */
  monitor(onDown: (down: Down) => void): () => void {
    // A function of its own: the same listener may monitor more than once.
    const monitor = (down: Down) => onDown(down);
    this.#monitors.add(monitor);
    return () => this.#monitors.delete(monitor);
  }

  /** Both ways; at most one per pair. */
  link(other: Relations): void {
    if (other === this) return;
    this.#links.add(other);
    other.#links.add(this);
  }

  unlink(other: Relations): void {
    this.#links.delete(other);
    other.#links.delete(this);
  }

  get linkedPaths(): string[] {
    return [...this.#links].map(({ end }) => end.path);
  }

  get monitorCount(): number {
    return this.#monitors.size;
  }

  ended(down: Down): void {
    if (this.#monitors.size === 0 && this.#links.size === 0) return;
    const monitors = [...this.#monitors];
    const links = [...this.#links];
    this.#monitors.clear();
    for (const other of links) this.unlink(other);
    for (const monitor of monitors) monitor(down);
    for (const other of links) other.end.exitSignal(down);
  }
}
