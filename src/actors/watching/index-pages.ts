import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexRow } from '../../protocol/file-event.ts';

export interface IndexPagesPorts {
  load(after: BytePath | undefined, limit: number): Promise<IndexRow[]>;
  post(rows: IndexRow[], isDone: boolean): void;
  /** Whether anybody still wants them. */
  isWanted(): boolean;
  /** So many directories so far; true when somebody else is to have the index. */
  isForAnother(directories: number): boolean;
}

const PAGE_ROWS = 5_000;

export type IndexEnd = 'sent' | 'notWanted' | 'forAnother';

/** Sends what is recorded of a root, page by page. */
export async function sendIndexPages(ports: IndexPagesPorts): Promise<IndexEnd> {
  let after: BytePath | undefined;
  let directories = 0;
  for (;;) {
    const rows = await ports.load(after, PAGE_ROWS);
    if (!ports.isWanted()) return 'notWanted';
    for (const { kind } of rows) if (kind === 'dir') directories += 1;
    if (ports.isForAnother(directories)) return 'forAnother';
    const isDone = rows.length < PAGE_ROWS;
    ports.post(rows, isDone);
    if (isDone) return 'sent';
    after = rows.at(-1)!.path;
  }
}
