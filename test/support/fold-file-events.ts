import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, FileKind, IndexStat } from '#codi/protocol/file-event.js';

export interface FoldedEntry {
  kind: FileKind;
  stat: IndexStat;
}

/**
 * The index that a history of changes makes: create, update and attrib set, delete removes, move renames a path and
 * all below it; what only hints told came and went, and changes nothing. Strict: an event that does not fit the index so far throws.
 */
export class FileEventFold {
  readonly entries = new Map<BytePath, FoldedEntry>();

  apply(event: FileEventRecord): void {
    const { path, from, kind, stat } = event;
    const known = this.entries.get(path);
    if (event.seen === 'hint') {
      if (known) throw new Error(`${event.event} ${path}: only hints told of it, but it is there`);
      return;
    }
    const expect = (isTrue: boolean, what: string) => {
      if (!isTrue) throw new Error(`${event.event} ${from ?? ''} ${path} (${kind}): ${what}`);
    };
    if (event.event === 'create') expect(known === undefined, 'is there already');
    else if (event.event === 'move') {
      expect(known === undefined, 'the target is there already');
      expect(this.entries.get(from!)?.kind === kind, 'the source is not there');
      this.#rename(from!, path);
    } else expect(known?.kind === kind, `is not there as such but as ${known?.kind}`);
    if (event.event !== 'delete') this.#set(path, { kind, stat: stat! }, expect);
    else {
      for (const other of this.entries.keys())
        expect(!other.startsWith(`${path}/`), `${other} is still below`);
      this.entries.delete(path);
    }
  }

  #set(path: BytePath, entry: FoldedEntry, expect: (isTrue: boolean, what: string) => void): void {
    expect(entry.stat !== null, 'has no stat');
    this.entries.set(path, entry);
  }

  #rename(from: BytePath, to: BytePath): void {
    for (const [path, entry] of [...this.entries]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.entries.delete(path);
      this.entries.set((to + path.slice(from.length)) as BytePath, entry);
    }
  }
}
