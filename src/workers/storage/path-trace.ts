import type { BytePath } from '../../protocol/byte-path.ts';
import { isBelow } from './path-value.ts';

/** What an event says about paths. */
export interface PathEvent {
  seq: number;
  event: string;
  kind: string;
  path: BytePath;
  from: BytePath | undefined;
}

/** Where a trace is. */
export interface TracePlace {
  path: BytePath;
  /** Something was at the path then. `maybe`: it is the folder around it that was there, and left. */
  isThere: 'yes' | 'no' | 'maybe';
  /** Where to go back to when nothing was at the path, after all. */
  retreat?: { path: BytePath; seq: number };
}

/**
 * The name that a path had, as one goes back through the events of its root. What moved to the path came from another
 * one, and so did what is in a folder that moved. A folder that moved away may have had the path in it or not: that is
 * taken for granted until an event says the opposite.
 */
export class PathTrace {
  #place: TracePlace;

  constructor(place: TracePlace) {
    this.#place = place;
  }

  get place(): TracePlace {
    return this.#place;
  }

  /** Whether the event is one of the path's. */
  concerns(record: PathEvent): boolean {
    const { path } = this.#place;
    if (record.path === path || record.from === path) return true;
    return isMoveOfFolder(record) && (this.#cameWith(record) || isBelow(path, record.from!));
  }

  /** Whether it shows that the trace went astray; then `retreat` comes next, instead of `goBack`. */
  contradicts({ event, path, from }: PathEvent): boolean {
    const { path: own, retreat } = this.#place;
    if (!retreat) return false;
    return path === own ? event === 'delete' || event === 'transient' : from === own;
  }

  /** Goes back behind an event that concerns it. */
  goBack(record: PathEvent): void {
    const { path: own, isThere, retreat } = this.#place;
    const { event, path, from, seq } = record;
    if (path === own) {
      const before = event === 'move' ? (from ?? own) : own;
      const isNew = event === 'create' || event === 'transient';
      this.#place = { path: before, isThere: isNew ? 'no' : 'yes' };
    } else if (this.#cameWith(record)) {
      const before = (from! + own.slice(path.length)) as BytePath;
      const guess = isThere === 'maybe' && { retreat: retreat ?? { path: own, seq } };
      this.#place = { path: before, isThere, ...guess };
    } else if (from === own) this.#place = { path: own, isThere: 'yes' };
    else if (isThere === 'no') this.#place = { path: own, isThere: 'maybe' };
  }

  /** Goes on with the path from before a guess that was wrong, behind the event whose number this returns. */
  retreat(): number {
    const { path, seq } = this.#place.retreat!;
    this.#place = { path, isThere: 'no' };
    return seq;
  }

  /** Where nothing was, nothing came by a move of the folder. */
  #cameWith(record: PathEvent): boolean {
    const { path, isThere } = this.#place;
    return isThere !== 'no' && isMoveOfFolder(record) && isBelow(path, record.path);
  }
}

function isMoveOfFolder({ event, kind, from }: PathEvent): boolean {
  return event === 'move' && kind === 'dir' && from !== undefined;
}
