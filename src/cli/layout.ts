import { basename } from 'node:path';
import type { EventRow } from '../protocol/messages.ts';
import { terminalColumns } from './cli-io.ts';
import type { Invocation } from './invocation.ts';
import type { LineLayout } from './row-lines.ts';
import { safeText } from './safe-text.ts';

const REMEMBERED_SIZES = 20_000;

/** A layout for the invocation's terminal; `columns` follows the window. */
export function createLayout(invocation: Invocation, sizes: FileSizes): LineLayout {
  const { io, style, globals } = invocation;
  const roots = new Set<string>();
  return {
    style,
    get columns() {
      return terminalColumns(io.stdout);
    },
    nowMs: () => io.nowMs(),
    rootPrefix: (root) => {
      roots.add(root);
      return roots.size > 1 ? `${safeText(basename(root))}/` : '';
    },
    sizeBefore: (row) => sizes.before(row),
    showsContent: globals.verbose,
  };
}

/** The last known sizes of files that were shown, to say how much an update added; bounded. */
export class FileSizes {
  readonly #sizes = new Map<string, number>();

  before(row: EventRow): number | undefined {
    return this.#sizes.get(keyOf(row.root, row.path));
  }

  /** Remembers what a row says; after it was shown. */
  learn(row: EventRow): void {
    const key = keyOf(row.root, row.path);
    if (typeof row.from === 'string') this.#sizes.delete(keyOf(row.root, row.from));
    this.#sizes.delete(key);
    if (row.event === 'delete' || typeof row.size !== 'number') return;
    this.#sizes.set(key, row.size);
    if (this.#sizes.size <= REMEMBERED_SIZES) return;
    const oldest = this.#sizes.keys().next().value;
    if (oldest !== undefined) this.#sizes.delete(oldest);
  }
}

function keyOf(root: string, path: string): string {
  return `${root}\0${path}`;
}
