// docs/decisions/README.md: the pages of its folder, by number.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../setup.mjs';

export const path = 'docs/decisions/README.md';

const HEAD = `# Decisions

One page for each choice that would cost a day to reverse: what was decided, why, and what it costs.

| # | Decision |
| --- | --- |
`;

export function generate() {
  const folder = join(ROOT, 'docs', 'decisions');
  const pages = readdirSync(folder).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const rows = pages.sort().map((name) => {
    const number = name.slice(0, 4);
    const [line = ''] = readFileSync(join(folder, name), 'utf8').split('\n');
    const title = line.match(`^# ${number} (.+)$`)?.[1];
    if (title === undefined) throw new Error(`${name} does not begin with "# ${number} Title"`);
    return `| [${number}](${name}) | ${title} |`;
  });
  const numbers = pages.map((name) => name.slice(0, 4));
  if (new Set(numbers).size < pages.length) throw new Error('two decisions have one number');
  return `${HEAD}${rows.join('\n')}\n`;
}
