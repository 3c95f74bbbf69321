import type { LeaksView } from '../protocol/debug/actor-views.ts';
import { plural, showCount, showDuration } from './amounts.ts';
import { labelledLines } from './labelled-lines.ts';
import { countsOf } from './leak-growth.ts';
import type { Growth, LeakGrowth } from './leak-growth.ts';
import { safeText } from './safe-text.ts';
import type { Style } from './style.ts';
import { tableLines } from './table.ts';

/** What actors and the process hold, as `codi leaks` shows it. */
export function leakLines(leaks: LeaksView, style: Style): string[] {
  const { orphans, unstopped } = leaks;
  const held = Object.entries(countsOf(leaks.resources)).toSorted(([, a], [, b]) => b - a);
  const rows = held.map(([key, count]) => {
    const [owner = '', kind = ''] = key.split('\0');
    return [showCount(count), safeText(kind), safeText(owner)];
  });
  return [
    ...labelledLines(
      [
        ['process', countsText(leaks.handles)],
        ['descriptors', leaks.descriptors && countsText(leaks.descriptors)],
        [
          'orphans',
          orphans.length === 0
            ? 'none: everything belongs to an actor that lives'
            : orphans.map(({ name, kind, owner, age_ms: ageMs }) =>
                style.red(
                  `${safeText(kind)} ${safeText(name)} of ${safeText(owner)}, ${showDuration(ageMs)} old`,
                ),
              ),
        ],
        [
          'unstopped',
          unstopped.length === 0
            ? undefined
            : unstopped.map(({ path, reason }) =>
                style.red(`${safeText(path)}: ${safeText(reason)}`),
              ),
        ],
      ],
      style,
    ),
    '',
    ...tableLines(
      [{ title: 'HELD', align: 'right' }, { title: 'KIND' }, { title: 'ACTOR' }],
      rows,
      style.dim,
    ),
  ];
}

/** What grew between two looks. */
export function growthLines(growth: LeakGrowth, style: Style): string[] {
  const rowsOf = (what: string, list: readonly Growth[]) =>
    list.map(({ name, before, after }) => [
      `+${showCount(after - before)}`,
      showCount(before),
      showCount(after),
      what,
      safeText(name),
    ]);
  const columns = [
    { title: 'MORE', align: 'right' as const },
    { title: 'BEFORE', align: 'right' as const },
    { title: 'AFTER', align: 'right' as const },
    { title: 'WHAT' },
    { title: 'OF' },
  ];
  const held = growth.resources.map((one) => ({ ...one, name: `${one.owner}  ${one.kind}` }));
  const rows = [
    ...rowsOf('held', held),
    ...rowsOf('handle', growth.handles),
    ...rowsOf('descriptor', growth.descriptors),
  ];
  return tableLines(columns, rows, style.dim);
}

function countsText(counts: Record<string, number>): string {
  const parts = Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => plural(count, safeText(name), safeText(name)));
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}
