// Going back through random events, a path is followed through all its names.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BytePath } from '#codi/protocol/byte-path.js';
import { PathTrace, type PathEvent } from '#codi/workers/storage/path-trace.js';

const NAMES = ['a', 'b', 'c'];
const path = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 })
  .map((names) => names.join('/'));
const step = fc.record({
  what: fc.constantFrom('file', 'dir', 'update', 'delete', 'move', 'move', 'move'),
  path,
  to: path,
});

/** Something on a disk, and the numbers of the events that it was in. */
interface Thing {
  kind: 'file' | 'dir';
  seqs: number[];
}

/** A disk that tells what happens to it, as the watch host would. */
class Disk {
  readonly things = new Map<string, Thing>();
  readonly events: PathEvent[] = [];
  /** What was deleted, by its last path: the latest one. */
  readonly gone = new Map<string, Thing>();

  apply({ what, path, to }: { what: string; path: string; to: string }): void {
    if (what === 'file' || what === 'dir') this.#create(path, what);
    if (what === 'update' && this.things.get(path)?.kind === 'file') this.#tell('update', path);
    if (what === 'delete') this.#delete(path);
    if (what === 'move') this.#move(path, to);
  }

  #create(path: string, kind: 'file' | 'dir'): void {
    if (this.things.has(path) || !this.#hasFolder(path)) return;
    this.things.set(path, { kind, seqs: [] });
    this.#tell('create', path);
  }

  #delete(path: string): void {
    for (const own of [...this.things.keys()]
      .filter((one) => isAtOrBelow(one, path))
      .toReversed()) {
      this.#tell('delete', own);
      this.gone.set(own, this.things.get(own)!);
      this.things.delete(own);
    }
  }

  #move(from: string, to: string): void {
    const thing = this.things.get(from);
    if (!thing || !this.#hasFolder(to) || isAtOrBelow(to, from) || this.things.has(to)) return;
    this.#tell('move', to, from, thing);
    for (const own of [...this.things.keys()].filter((one) => isAtOrBelow(one, from))) {
      const moved = this.things.get(own)!;
      this.things.delete(own);
      this.things.set(to + own.slice(from.length), moved);
      if (own !== from) moved.seqs.push(this.events.length);
    }
  }

  #hasFolder(path: string): boolean {
    const at = path.lastIndexOf('/');
    return at < 0 || this.things.get(path.slice(0, at))?.kind === 'dir';
  }

  #tell(event: string, path: string, from?: string, thing = this.things.get(path)!): void {
    const seq = this.events.length + 1;
    const names = { path: path as BytePath, from: from as BytePath | undefined };
    this.events.push({ seq, event, kind: thing.kind, ...names });
    thing.seqs.push(seq);
  }
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** The numbers of a path's events, newest first. */
function traced(events: readonly PathEvent[], path: string, isThere: boolean): number[] {
  const trace = new PathTrace({ path: path as BytePath, isThere: isThere ? 'yes' : 'no' });
  const seqs: number[] = [];
  for (let at = events.length - 1; at >= 0 || trace.place.retreat; at -= 1) {
    const record = events[at];
    if (record && !trace.concerns(record)) continue;
    if (!record || trace.contradicts(record)) {
      at = trace.retreat() - 1;
      continue;
    }
    seqs.push(record.seq);
    trace.goBack(record);
  }
  return seqs;
}

describe('The history of a path', () => {
  it('has every event of what is there, down to its creation, under each of its names', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
        const disk = new Disk();
        for (const one of steps) disk.apply(one);
        for (const [path, { seqs }] of disk.things)
          expect(traced(disk.events, path, true).slice(0, seqs.length)).toEqual(seqs.toReversed());
      }),
    );
  });

  it('has every event of what was deleted there last', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
        const disk = new Disk();
        for (const one of steps) disk.apply(one);
        for (const [path, { seqs }] of disk.gone) {
          if (disk.things.has(path)) continue;
          // What came and went with a folder since then may be told before.
          const since = disk.events
            .slice(seqs.at(-1))
            .some(({ path: to, from }) => to === path || from === path);
          if (since) continue;
          const found = traced(disk.events, path, false);
          expect(found).toEqual(expect.arrayContaining(seqs));
        }
      }),
    );
  });
});
