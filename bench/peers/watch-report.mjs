// The figures of one run as tables, each with what codi's are to a peer's, and the goals.
import { rounded } from '../daemon.mjs';

const OURS = 'codi-fs';
const ms = (value) => (value == null ? 'never' : `${rounded(value)} ms`);
const seconds = (value) => (value == null ? 'never' : `${rounded(value)} s`);
const mebibytes = (value) => `${Math.round(value)} MiB`;
const count = (value) => Math.round(value).toLocaleString('en');

const LATENCY = [
  ['p50', (found) => ms(found.p50Ms), (found) => found.p50Ms],
  ['p99', (found) => ms(found.p99Ms), (found) => found.p99Ms],
  ['at most', (found) => ms(found.maxMs)],
  ['never told', (found) => count(found.lost)],
];
const LOSS = [
  ['lost', (found) => count(found.lost)],
  [
    'of it missing, stale, phantom',
    ({ missing, stale, phantom }) => `${missing}, ${stale}, ${phantom}`,
  ],
  ['exact after', (found) => seconds(found.exactSeconds)],
];
const TABLES = {
  sparse: ['A change every 100 ms', LATENCY],
  storm: [
    'The same beside a storm in another root',
    [...LATENCY, ['storm', (found) => `${count(found.stormRate)}/s`]],
  ],
  rate: [
    'Changes at a steady rate',
    [
      ['changes', (found) => `${count(found.rate)}/s`],
      ...LOSS,
      ['CPU for 1,000', (found) => ms(found.cpuPerThousand * 1e3), (found) => found.cpuPerThousand],
      [
        'with observer',
        (found) => ms(found.cpuPerThousandWithObserver * 1e3),
        (found) => found.cpuPerThousandWithObserver,
      ],
      ['memory', (found) => mebibytes(found.peakMiB), (found) => found.peakMiB],
    ],
  ],
  burst: [
    'Files created as fast as possible',
    [['written in', (found) => seconds(found.writeSeconds)], ...LOSS],
  ],
  deep: ['mkdir -p a/b/c/d, and a file at once', [['never told', (found) => count(found.missing)]]],
  ready: [
    'A large tree',
    [
      ['ready', (found) => seconds(found.seconds), (found) => found.seconds],
      ['memory', (found) => mebibytes(found.memoryMiB), (found) => found.memoryMiB],
    ],
  ],
  recovery: [
    'What codi alone does',
    [
      ['first start', (found) => seconds(found.firstStartSeconds)],
      ['second start', (found) => seconds(found.secondStartSeconds)],
      ['sync', (found) => ms(found.syncMs)],
      ['memory', (found) => mebibytes(found.memoryMiB)],
      ['host killed, change committed', (found) => ms(worst(found, 'committedMs'))],
      ['all looked at', (found) => ms(worst(found, 'certainMs'))],
      ['killed twice', (found) => ms(found.inFirstLook.committedMs)],
    ],
  ],
};

const worst = (found, figure) => Math.max(...found.crashes.map((crash) => crash[figure]));

/** A goal for a rate is put to the test only where the writer came near it. */
const isTried = (found, sizes) => (found.rate ?? found.stormRate ?? Infinity) >= sizes.rate * 0.95;

/** Goal, workload, the figure (null: never), its limit, and how it is shown. */
const GOALS = [
  ['sparse change, p50', 'sparse', (found) => found.p50Ms, 20, ms],
  ['sparse change, p99', 'sparse', (found) => found.p99Ms, 100, ms],
  ['sparse change beside a storm, p50', 'storm', (found) => found.p50Ms, 20, ms],
  ['sparse change beside a storm, p99', 'storm', (found) => found.p99Ms, 100, ms],
  ['steady rate, lost', 'rate', (found) => found.lost, 0, count],
  ['burst, exact', 'burst', (found) => found.exactSeconds, 5, seconds],
  ['new directories, never told', 'deep', (found) => found.missing, 0, count],
  ['second start', 'recovery', (found) => found.secondStartSeconds, 1, seconds],
  ['warm sync', 'recovery', (found) => found.syncMs, 1_000, ms],
  ['memory with the large tree', 'recovery', (found) => found.memoryMiB, 200, mebibytes],
  ['host killed, change committed', 'recovery', (found) => worst(found, 'committedMs'), 2_000, ms],
];

export function report(results) {
  const { sizes, cores, seed, loadBefore, loadAfter, notRun } = results;
  const lines = [
    `${sizes.sparse} sparse changes; ${count(sizes.rate)} changes/s for ${sizes.seconds} s; a burst of ${count(sizes.burst)} files; ` +
      `${sizes.deep} deep folders; a tree of ${count(sizes.files)} files in ${count(sizes.files / 10)} folders; seed ${seed}`,
    `${cores} cores, load ${rounded(loadBefore)} before and ${rounded(loadAfter)} after; in brackets: what codi's figure is to that one`,
  ];
  for (const [workload, [title, columns]] of Object.entries(TABLES))
    lines.push(...table(results.watchers, workload, title, columns));
  lines.push('', 'Goals', ...goals(results));
  lines.push(`not run: ${notRun.length}${notRun.length ? `, ${notRun.join(', ')}` : ''}`);
  return lines.join('\n');
}

function table(watchers, workload, title, columns) {
  const named = Object.entries(watchers).filter(([, found]) => found[workload]);
  if (named.length === 0) return [];
  const ours = watchers[OURS]?.[workload];
  const rows = named.map(([name, found]) => [
    found.version ? `${found.title} ${found.version}` : found.title,
    ...columns.map(([, show, figure]) => {
      const ratio =
        figure && ours && !name.startsWith('codi') && figure(ours) / figure(found[workload]);
      return (
        show(found[workload]) + (ratio && Number.isFinite(ratio) ? ` (${rounded(ratio)})` : '')
      );
    }),
  ]);
  return ['', ...aligned([[title, ...columns.map(([name]) => name)], ...rows])];
}

function goals({ watchers, sizes }) {
  const rows = [];
  for (const [what, workload, figure, limit, show] of GOALS)
    for (const [name, found] of Object.entries(watchers)) {
      if (!name.startsWith('codi') || !found[workload]) continue;
      const value = figure(found[workload]);
      const isReached = value != null && value <= limit;
      const outcome = isReached ? 'reached' : 'MISSED';
      rows.push([
        what,
        found.title,
        show(value),
        `goal ${show(limit)}`,
        isTried(found[workload], sizes) ? outcome : `${outcome}, but the writer was too slow`,
      ]);
    }
  return aligned(rows);
}

function aligned(rows) {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at].length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]))
      .join('  ')
      .trimEnd(),
  );
}
