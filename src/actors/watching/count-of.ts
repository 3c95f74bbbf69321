import { groupedDigits } from '../../protocol/grouped-digits.ts';

/** A count as people read it: '1 file', '1,204 files'. */
export function countOf(count: number, noun: string): string {
  return `${groupedDigits(count)} ${noun}${count === 1 ? '' : 's'}`;
}
