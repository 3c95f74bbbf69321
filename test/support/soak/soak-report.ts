import type { Sample } from './soak-look.ts';

const HOUR_MS = 3_600_000;

export interface Timed {
  readonly atMs: number;
  readonly sample: Sample;
}

/** The median of the slopes between all pairs (Theil and Sen): some samples far off do not turn it. Per hour. */
export function slopePerHour(points: readonly { atMs: number; value: number }[]): number {
  const slopes = points.flatMap((one, index) =>
    points
      .slice(index + 1)
      .filter(({ atMs }) => atMs > one.atMs)
      .map((two) => ((two.value - one.value) / (two.atMs - one.atMs)) * HOUR_MS),
  );
  if (slopes.length === 0) return 0;
  const sorted = slopes.toSorted((one, two) => one - two);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Course {
  readonly name: string;
  readonly first: number;
  readonly least: number;
  readonly most: number;
  readonly last: number;
  readonly perHour: number;
}

/** How each number went. */
export function courses(samples: readonly Timed[]): Course[] {
  const names = new Set(samples.flatMap(({ sample }) => Object.keys(sample)));
  return [...names].map((name) => {
    const points = samples.flatMap(({ atMs, sample }) =>
      sample[name] === undefined ? [] : [{ atMs, value: sample[name] }],
    );
    const values = points.map(({ value }) => value);
    return {
      name,
      first: values[0]!,
      least: Math.min(...values),
      most: Math.max(...values),
      last: values.at(-1)!,
      perHour: slopePerHour(points),
    };
  });
}

export function table(all: readonly Course[]): string {
  const columns = ['first', 'least', 'most', 'last', 'perHour'] as const;
  const heads = ['', 'first', 'least', 'most', 'last', 'per hour'];
  const rows = all.map((course) => [course.name, ...columns.map((name) => shown(course[name]))]);
  const width = (at: number) => Math.max(...[heads, ...rows].map((row) => row[at]!.length));
  return [heads, ...rows]
    .map((row) =>
      row.map((cell, at) => (at === 0 ? cell.padEnd(width(at)) : cell.padStart(width(at)))),
    )
    .map((row) => row.join('  '))
    .join('\n');
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
