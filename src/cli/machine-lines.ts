import type { MachineView } from '../protocol/debug/actor-views.ts';
import { jsonLines } from './json-lines.ts';
import { labelledLines } from './labelled-lines.ts';
import { safeText } from './safe-text.ts';
import { paintState } from './state-paint.ts';
import type { Style } from './style.ts';

/** The live machine of an actor, as `codi peek` shows it. */
export function machineLines(machine: MachineView, style: Style): string[] {
  const { path, state, epoch, status, definition } = machine;
  const active = activeStates(machine.value);
  const paint = paintState(state, style);
  const states = machine.states.map((name) =>
    active.has(name) ? paint(`▶ ${safeText(name)}`) : `  ${safeText(name)}`,
  );
  const head = `${style.bold(safeText(path))}   ${paint(safeText(state))}   epoch ${epoch}`;
  return [
    status === 'active' ? head : `${head}   ${style.red(safeText(status))}`,
    ...labelledLines(
      [
        ['tags', listText(machine.tags)],
        ['accepts', listText(machine.next_events) ?? 'nothing in this state'],
        ['states', states],
        ['context', jsonLines(machine.context)],
        ['definition', definition === undefined ? undefined : jsonLines(definition)],
      ],
      style,
    ),
  ];
}

/** The names in an XState state value, each with its parents before it: `a`, `a.b`. */
export function activeStates(value: unknown, prefix = ''): Set<string> {
  if (typeof value === 'string') return new Set([prefix + value]);
  if (typeof value !== 'object' || value === null) return new Set();
  return new Set(
    Object.entries(value).flatMap(([name, below]) => [
      prefix + name,
      ...activeStates(below, `${prefix}${name}.`),
    ]),
  );
}

function listText(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.map(safeText).join(', ');
}
