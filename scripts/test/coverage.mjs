// Coverage of everything that ran: test processes, daemons, threads and children wrote V8 counts over
// dist/; here they are added up and carried back to src/ by the source maps.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @param {string} root */
export const rawCoverageFolder = (root) => join(root, 'coverage', 'raw');

/** @typedef {{ total: number, covered: number }} Share */
/** @typedef {{ lines: Share, branches: Share, functions: Share }} Row */

/**
 * Writes coverage/lcov.info and coverage/summary.json, and gives the lines to print and the share of lines
 * that ran, in percent.
 * @param {string} root
 * @returns {Promise<{ lines: string[], percent: number }>}
 */
export async function reportCoverage(root) {
  const { CoverageReport } = await import('monocart-coverage-reports');
  const entries = untouched(root);
  const ours = new Set(entries.map(({ url }) => url));
  const report = new CoverageReport({
    logging: 'error',
    outputDir: join(root, 'coverage', 'report'),
    reports: ['lcovonly', ['json-summary', { file: 'summary.json' }]],
    entryFilter: (/** @type {{ url: string }} */ entry) => ours.has(entry.url),
    sourceFilter: (/** @type {string} */ path) => path.startsWith('src/'),
    sourcePath: (/** @type {string} */ path) => sourcePathOf(root, path),
    cleanCache: true,
  });
  await report.add(entries);
  await report.addFromDir(rawCoverageFolder(root));
  const result = await report.generate();
  rmSync(rawCoverageFolder(root), { recursive: true, force: true });
  /** @type {Map<string, Row>} */
  const rows = new Map();
  for (const file of result?.files ?? []) {
    const { lines, branches, functions } = /** @type {any} */ (file.summary);
    rows.set(file.sourcePath, { lines, branches, functions });
  }
  return table(rows);
}

/** What a file that declares nothing but types compiles to. */
const TYPES_ONLY = /^export \{\};\s*(\/\/# sourceMappingURL=\S+\s*)?$/;

/**
 * An entry with all counts zero for every compiled file, so that one that nothing loads shows as 0 %.
 * @param {string} root
 */
function untouched(root) {
  const dist = join(root, 'dist');
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => {
      const path = join(dist, name);
      const source = readFileSync(path, 'utf8');
      const ranges = [{ startOffset: 0, endOffset: source.length, count: 0 }];
      return {
        scriptId: '0',
        url: pathToFileURL(path).href,
        source,
        functions: [{ functionName: '', isBlockCoverage: true, ranges }],
      };
    })
    .filter(({ source }) => !TYPES_ONLY.test(source));
}

/** @param {string} root @param {string} path as the source map or the report sees it */
function sourcePathOf(root, path) {
  const inRoot = path.startsWith('/') ? relative(root, path) : path;
  const at = inRoot.lastIndexOf('src/');
  return at < 0 ? inRoot : inRoot.slice(at);
}

/** @param {Map<string, Row>} rows */
function table(rows) {
  /** @type {Map<string, Row>} */
  const folders = new Map();
  const all = emptyRow();
  for (const [path, row] of rows) {
    const folder = path.split('/').slice(0, 2).join('/');
    const sum = folders.get(folder) ?? emptyRow();
    folders.set(folder, sum);
    addTo(sum, row);
    addTo(all, row);
  }
  const shown = [...folders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, row]) => line(name, row));
  const lines = [
    `${'coverage'.padEnd(24)}${'lines'.padStart(9)}${'branches'.padStart(10)}${'functions'.padStart(11)}`,
    ...shown,
    line(`all ${rows.size} files`, all),
  ];
  return {
    lines,
    percent: all.lines.total === 0 ? 0 : (100 * all.lines.covered) / all.lines.total,
  };
}

/** @returns {Row} */
function emptyRow() {
  const share = () => ({ total: 0, covered: 0 });
  return { lines: share(), branches: share(), functions: share() };
}

/** @param {Row} sum @param {Row} row */
function addTo(sum, row) {
  for (const kind of /** @type {const} */ (['lines', 'branches', 'functions'])) {
    sum[kind].total += row[kind].total;
    sum[kind].covered += row[kind].covered;
  }
}

/** @param {string} name @param {Row} row */
function line(name, row) {
  const { lines, branches, functions } = row;
  return (
    name.padEnd(24) +
    percent(lines).padStart(9) +
    percent(branches).padStart(10) +
    percent(functions).padStart(11)
  );
}

/** @param {Share} share */
function percent({ total, covered }) {
  return total === 0 ? '-' : `${((100 * covered) / total).toFixed(1)} %`;
}
