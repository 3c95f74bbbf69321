import type { BytePath } from '../../protocol/byte-path.ts';
import { ExportSelector, type ExportRules } from '../../protocol/export-names.ts';
import { pathsOfFiles, type FileEvents } from '../../protocol/packed-events.ts';

/**
 * Knows of file events on their way to the ledger whether an export is among them, so that nothing has to be read back
 * while none is. It outlives the exports actor.
 */
export class ExportNotices {
  readonly #selector: ExportSelector;
  #underWay = 0;
  #areCommitted = true;

  constructor(rules: ExportRules) {
    this.#selector = new ExportSelector(rules);
  }

  /** Events are offered to the ledger; the function that is given back says that they are committed. */
  offered(root: BytePath, events: FileEvents): () => void {
    if (!this.#areConcerned(root, events)) return () => undefined;
    this.#underWay += 1;
    return () => {
      this.#underWay -= 1;
      this.#areCommitted = true;
    };
  }

  #areConcerned(root: BytePath, events: FileEvents): boolean {
    for (const path of pathsOfFiles(events))
      if (this.#selector.kindOf(root, path) !== undefined) return true;
    return false;
  }

  /** Neither on its way nor committed and not yet asked for. */
  get areNone(): boolean {
    return this.#underWay === 0 && !this.#areCommitted;
  }

  /** Whether committed events are to be looked at; from now on they count as looked at. */
  take(): boolean {
    const areCommitted = this.#areCommitted;
    this.#areCommitted = false;
    return areCommitted;
  }

  /** What was taken was not looked at after all. */
  giveBack(): void {
    this.#areCommitted = true;
  }
}
