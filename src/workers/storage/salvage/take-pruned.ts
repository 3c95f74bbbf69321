import { rowSum } from '../row-sum.ts';
import type { FoundRows } from './found-rows.ts';
import type { SalvageTarget } from './salvage-target.ts';

/** Contents of exports that policy has removed: where the sum of a row does not hold, the file counts as missing. */
export function takePruned(found: FoundRows, target: SalvageTarget): void {
  const taken = new Set<string>();
  for (const { values, isCurrent } of found.all('export_pruned')) {
    const [checksum, prunedMs, sum] = values;
    if (!isCurrent || !Buffer.isBuffer(checksum) || typeof prunedMs !== 'number') continue;
    const key = checksum.toString('hex');
    if (rowSum(checksum, prunedMs) !== sum || taken.has(key)) continue;
    taken.add(key);
    target.insert('export_pruned', values);
  }
}
