import type { CellContext } from './cell-context.ts';
import type { Cell } from './cell.ts';
import type { CellSite } from './cell-site.ts';

/** What a cell shows its behaviour of itself. */
export function contextOf(cell: Cell, site: CellSite): CellContext<unknown> {
  const { environment, registry } = site.runtime;
  const { relations } = cell;
  return {
    path: cell.path,
    epoch: cell.epoch,
    clock: environment.clock,
    random: () => environment.random(),
    scope: cell.scope,
    self: site.ref,
    host: cell.host,
    raise: (event) => cell.raise(event),
    lookup: (name) => registry.ref(name),
    monitor: (name, onDown) => relations.monitor(name, onDown),
    link: (name) => relations.link(name),
    unlink: (name) => relations.unlink(name),
    trapExits: (onExit) => relations.trapExits(onExit),
    ask: (name, question, timeoutMs) => relations.ask(name, question, timeoutMs),
    crash: (error) => cell.crash(error),
  };
}
