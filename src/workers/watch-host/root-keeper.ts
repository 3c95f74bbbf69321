import type { Anchor } from './entry-scope.ts';
import { pollReason } from './filesystem-types.ts';
import { HintKeeper } from './hint-keeper.ts';
import type { WatchHostPorts } from './host-ports.ts';
import type { RootDoubts } from './root-doubts.ts';
import type { RootEngine } from './root-engine.ts';
import type { FromWatchHost, RootOptions } from './watch-host.messages.ts';

export interface RootKeeperPorts extends WatchHostPorts {
  readonly root: number;
  readonly options: RootOptions;
  readonly engine: RootEngine;
  readonly doubts: RootDoubts;
  /** Whether the root is being looked at, or was. */
  isScanned(): boolean;
  onFlood(): void;
  onStatus(): void;
  emit(message: FromWatchHost): void;
}

/** Keeps the hints of a root coming and passes them to its engine. */
export function rootKeeper({ base, only }: Anchor, ports: RootKeeperPorts): HintKeeper {
  const { options, engine, doubts, disk, clock, hints, isScanned, onFlood, onStatus } = ports;
  const { reconciler } = engine;
  return new HintKeeper(
    {
      root: base,
      options,
      isFlat: only !== undefined || !options.recursive,
      pollReason: options.pollReason ?? pollReason(disk.filesystemType(base)),
      clock,
      factory: hints,
      absolute: (directory) => reconciler.absolute(reconciler.tree.pathOf(directory)),
    },
    {
      onHint: (directory, name, type) => engine.hints.hint(directory, name, false, type),
      onPath: (at) => engine.hints.path(at),
      onSubtree: (at) => engine.hints.subtree(at),
      onLost: onFlood,
      onTooMany: () => ports.emit({ type: 'tooManyDirectories', root: ports.root }),
      onDisbelieved: () => {
        const { directories } = reconciler.tree;
        const reason = 'hints_do_not_come';
        ports.emit({ type: 'doubt', root: ports.root, reason, isOpen: true, directories });
      },
      onReplaced: () => {
        if (!isScanned()) return;
        doubts.suspect('hints_replaced');
        engine.sweeps.sweepAll();
      },
      onStatus: () => {
        engine.sweeps.reschedule();
        onStatus();
      },
    },
  );
}
