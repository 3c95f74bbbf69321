export type ModelKind = 'file' | 'dir' | 'symlink' | 'other';
/** Names of the same object are hard links. */
export interface ModelEntry {
  readonly kind: ModelKind;
}

/** What a storm believes is on the disk, by path: bytes (latin1) below the storm's own folder. */
export class StormTree {
  readonly entries = new Map<string, ModelEntry>();

  add(path: string, kind: ModelKind): void {
    this.entries.set(path, { kind });
  }

  link(from: string, path: string): void {
    this.entries.set(path, this.entries.get(from)!);
  }

  isSameFile(one: string, other: string): boolean {
    return this.has(one) && this.entries.get(one) === this.entries.get(other);
  }

  /** The longest path at or below this one, in bytes. */
  depthOf(path: string): number {
    let longest = 0;
    for (const inside of this.inside(path)) longest = Math.max(longest, inside.length);
    return longest;
  }

  has(path: string): boolean {
    return this.entries.has(path);
  }

  isDirectory(path: string): boolean {
    return this.entries.get(path)?.kind === 'dir';
  }

  /** The path itself and all below it. */
  *inside(path: string): Generator<string> {
    for (const other of this.entries.keys())
      if (other === path || other.startsWith(`${path}/`)) yield other;
  }

  remove(path: string): void {
    for (const other of [...this.inside(path)]) this.entries.delete(other);
  }

  move(from: string, to: string): void {
    const moved = [...this.inside(from)].map((path) => [path, this.entries.get(path)!] as const);
    this.remove(from);
    this.remove(to);
    for (const [path, entry] of moved) this.entries.set(to + path.slice(from.length), entry);
  }

  exchange(one: string, other: string): void {
    this.move(one, '\0');
    this.move(other, one);
    this.move('\0', other);
  }
}

export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
