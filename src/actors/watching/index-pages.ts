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
  let page = await ports.load(undefined, PAGE_ROWS);
  const isForAnother = page.rows === PAGE_ROWS && (await ports.isForAnother());
  for (;;) {
    if (!ports.isWanted()) return 'notWanted';
    if (isForAnother) return 'forAnother';
    const isDone = page.rows < PAGE_ROWS;
    // Asked for before this one is packed for the channel: the two take about as long.
    const next = isDone ? undefined : ports.load(page.last, PAGE_ROWS);
    ports.post(page.bytes, isDone);
    if (!next) return 'sent';
    page = await next;
  }
}
