// Rows of the commands that look inside the daemon, for docs/json.md: from the compiled interfaces of
// src/protocol/debug, their comments included. No `path`: json-doc.mjs prints them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ROOT } from '../setup.mjs';

/** @typedef {{ name: string, isOptional: boolean, type: string, comment: string }} Field */

/** @type {{ title: string, commands: string, view: string, note?: string }[]} */
const SECTIONS = [
  {
    title: 'Actor',
    commands: '`codi inspect`',
    view: 'ActorView',
    note: '`--stately` prints the three messages of the Stately inspector instead: `@xstate.actor`, `@xstate.event`, `@xstate.snapshot`.',
  },
  { title: 'Counters of an actor', commands: '`codi inspect`, `codi top`', view: 'ActorStatsView' },
  { title: 'Machine', commands: '`codi peek`', view: 'MachineView' },
  { title: 'Message header', commands: '`codi recent`', view: 'MessageHeaderView' },
  { title: 'Traced message', commands: '`codi trace`', view: 'TraceEventView' },
  { title: 'Crash', commands: '`codi crashes`', view: 'CrashView' },
  { title: 'Report', commands: '`codi crashes --reports`', view: 'ReportView' },
  { title: 'Why', commands: '`codi why`', view: 'WhyView' },
  { title: 'Dead letter', commands: '`codi deadletters`', view: 'DeadLetterView' },
  {
    title: 'Leaks',
    commands: '`codi leaks`',
    view: 'LeaksView',
    note: 'With `--for` instead `for_ms` and three lists of what grew, `resources`, `handles` and `descriptors`, each of `name`, `before`, `after`; resources also with `owner` and `kind`.',
  },
  {
    title: 'Frame',
    commands: '`codi top`',
    view: 'TopFrameView',
    note: 'Counters are totals: a rate is the difference of two frames over that of their `at_ms`.',
  },
];

const TREE_WATCH = `## Change of the tree

\`codi tree --watch\`

First a line with \`kind\` \`snapshot\`, \`seq\` and the whole tree in \`root\`, then one for each change: \`seq\` and
\`kind\`; \`added\` with \`parent\` and \`node\`, \`changed\` with \`path\` and \`node\`, \`removed\` with \`path\`, \`ordered\` with
\`path\` and \`children\`. Nodes are without what is below them. A new snapshot begins the picture anew.
`;

const ENDED = `## Ended actor

\`codi kill\`, \`codi restart\`, \`codi stop\`

| Field | Value |
| --- | --- |
| \`path\` | text |
| \`epoch\` | number: of the incarnation that was ended |
| \`new_epoch\` | number, may be absent: of the one that came after it |
| \`duration_ms\` | number: until it was back, or stopped |

\`codi suspend\` prints \`path\`, \`epoch\` and \`until\`; \`codi resume\` \`path\` and \`was_suspended\`;
\`codi deadletters --replay\` the counts \`queued\`, \`failed\` and \`exhausted\`.
`;

/** The sections, as Markdown. */
export function insideSections() {
  const text = ['tree-views', 'actor-views', 'report-views']
    .map((name) => readFileSync(join(ROOT, 'dist', 'protocol', 'debug', `${name}.d.ts`), 'utf8'))
    .join('\n');
  const sections = SECTIONS.map(({ title, commands, view, note }) => {
    const rows = fieldsOf(view, text).map(rowOf);
    const table = ['| Field | Value |', '| --- | --- |', ...rows].join('\n');
    return [`## ${title}`, '', commands, '', table, '', ...(note ? [note, ''] : [])].join('\n');
  });
  return [TREE_WATCH, ...sections, ENDED];
}

/**
 * An interface's fields, those it inherits first.
 * @param {string} view @param {string} text
 * @returns {Field[]}
 */
function fieldsOf(view, text) {
  const head = new RegExp(`export interface ${view}(?: extends ([\\w, ]+))? \\{\\n`).exec(text);
  if (!head) throw new Error(`there is no interface ${view}`);
  const start = head.index + head[0].length;
  const body = text.slice(start, text.indexOf('\n}', start));
  const inherited = (head[1] ?? '')
    .split(', ')
    .filter(Boolean)
    .flatMap((parent) => fieldsOf(parent, text));
  // Fields are indented by four spaces; what belongs to one by more.
  const field =
    /^ {4}(?:\/\*\*((?:(?!\*\/)[^])*)\*\/\n {4})?(\w+)(\?)?: ([^]*?);(?=\n {4}[\w/]|(?![^]))/gm;
  const own = [...body.matchAll(field)].map(([, comment = '', name = '', optional, type = '']) => ({
    name,
    isOptional: optional !== undefined,
    type,
    comment: comment.replace(/\s*\n\s*\*\s?/g, ' ').trim(),
  }));
  return [...inherited, ...own];
}

/** @param {Field} field */
function rowOf({ name, isOptional, type, comment }) {
  const absent = isOptional ? ', may be absent' : '';
  const about = comment === '' ? '' : `: ${lowerFirst(comment.replace(/\.$/, ''))}`;
  return `| \`${name}\` | ${kindOf(name, type)}${absent}${about} |`;
}

/** @param {string} name @param {string} type @returns {string} */
function kindOf(name, type) {
  if (/^at$|_at$|^suspended_until$/.test(name)) return 'time';
  if (type.endsWith('[]')) return `list of ${kindOf('', type.slice(0, -2))}`;
  if (type.startsWith('Record<')) return 'object: a number for each name';
  if (type.startsWith('{')) {
    const names = [...type.matchAll(/(?:^\{\s*|;\s+)(?:\/\*\*[^]*?\*\/\s*)?(\w+)\??: /g)];
    return `object of ${names.map(([, inner]) => `\`${inner}\``).join(', ')}`;
  }
  if (type.startsWith("'"))
    return type
      .split(' | ')
      .map((one) => `\`${one.slice(1, -1)}\``)
      .join(', ');
  if (type === 'boolean') return '`true` or `false`';
  if (type === 'number' || type === 'number | string') return 'number';
  if (type === 'string') return 'text';
  if (type === 'unknown') return 'any JSON value';
  const section = SECTIONS.find(({ view }) => view === type);
  return section ? `object: see ${section.title}` : 'object';
}

/** Not of a name that is written in capitals. @param {string} text */
function lowerFirst(text) {
  return /^[A-Z][a-z ]/.test(text) && !text.startsWith('XState')
    ? text[0]?.toLowerCase() + text.slice(1)
    : text;
}
