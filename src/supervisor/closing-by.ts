import type { CellContext } from './cell-context.ts';

/** What to do when it is told to stop: closes, and says when that is done. A close that fails is a crash. */
export function closingBy(
  cell: Pick<CellContext<never>, 'scope' | 'raise' | 'crash'>,
  close: () => Promise<void>,
): () => void {
  const closed = cell.scope.wrap(() => cell.raise({ type: 'closed' }));
  const failed = cell.scope.wrap((error: unknown) => cell.crash(error));
  return () => void close().then(closed, failed);
}
