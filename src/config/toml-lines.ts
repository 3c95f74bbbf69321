// The TOML parser does not say where a value stood. For messages it is enough to find the line again
// by the ways people write keys: under a [section], dotted, or quoted.

/** Line (from 1) of a section header, or of a key in it; undefined when it cannot be told. */
export function findTomlLine(text: string, section: string, key?: string): number | undefined {
  let current = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+\s*(#.*)?$/.exec(line);
    if (header !== null) {
      current = unquote(header[1] ?? '');
      if (key === undefined && (current === section || current.startsWith(`${section}.`))) {
        return index + 1;
      }
      continue;
    }
    const assigned = /^\s*([^=#]+?)\s*=/.exec(line);
    if (assigned === null) continue;
    const path = [current, unquote(assigned[1] ?? '')].filter((part) => part !== '').join('.');
    const wanted = key === undefined ? section : `${section}.${key}`;
    if (path === wanted || path.startsWith(`${wanted}.`)) return index + 1;
  }
  return undefined;
}

function unquote(path: string): string {
  return path
    .split('.')
    .map((part) => part.trim().replace(/^(["'])(.*)\1$/, '$2'))
    .join('.');
}
