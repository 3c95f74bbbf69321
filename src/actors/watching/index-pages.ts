import type { BytePath } from '../../protocol/byte-path.ts';
import type { IndexPage } from '../../protocol/index-page.ts';

export interface IndexPagesPorts {
  load(after: BytePath | undefined, limit: number): Promise<IndexPage>;
  post(page: Uint8Array, isDone: boolean): void;
  /** Whether anybody still wants them. */
  isWanted(): boolean;
  /** Whether somebody else is to have an index that takes more than a page: asked before the first is sent. */
  isForAnother(): Promise<boolean>;
}

const PAGE_ROWS = 5_000;

export type IndexEnd = 'sent' | 'notWanted' | 'forAnother';

/** Sends what is recorded of a root, page by page. */
export async function sendIndexPages(ports: IndexPagesPorts): Promise<IndexEnd> {
  let after: BytePath | undefined;
  for (;;) {
    const { rows, last, bytes } = await ports.load(after, PAGE_ROWS);
    const isDone = rows < PAGE_ROWS;
    const isForAnother = after === undefined && !isDone && (await ports.isForAnother());
    if (!ports.isWanted()) return 'notWanted';
    if (isForAnother) return 'forAnother';
    ports.post(bytes, isDone);
    if (isDone) return 'sent';
    after = last;
  }
}
