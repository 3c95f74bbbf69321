import type { BytePath } from '../../protocol/byte-path.ts';
import type { FileEventRecord } from '../../protocol/file-event.ts';
import type { ScopePorts } from './entry-scope.ts';
import type { WatchState } from './hints.ts';
import type { PathNode } from './path-tree.ts';
import type { UnreadableFolders } from './unreadable-folders.ts';

export interface ReconcilerPorts extends ScopePorts {
  readonly isRecursive: boolean;
  readonly watches: {
    ensure(directory: PathNode, path: BytePath): WatchState;
    drop(directory: PathNode): void;
    moved(directory: PathNode): void;
    /** The names of a directory, changed last at this time, are about to be read. */
    listing(directory: PathNode, mtimeNs: bigint): void;
    /** Whether it changed since then, and hints need not have told. */
    isOutdated(directory: PathNode, mtimeNs: bigint): boolean;
  };
  readonly unreadable: Pick<UnreadableFolders, 'note' | 'begin' | 'listed'>;
  nowMs(): number;
  /** Every change of the index, as it is made. */
  emit(event: FileEventRecord): void;
  /** A directory came, or came from elsewhere. */
  onNewDirectory(directory: PathNode): void;
  /** What was recorded in this directory under this name has gone, or gone elsewhere. */
  onLeft(directory: PathNode, name: string): void;
  /** Other rules of a `.gitignore` hold for all that is below this directory. */
  onNewRules(directory: PathNode): void;
}

export interface ExamineMode {
  /** Enter known directories too. */
  readonly isDeep: boolean;
  /** Whoever was here before will not be found elsewhere any more. */
  readonly isFinal: boolean;
}
