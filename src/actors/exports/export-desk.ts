import type { BytePath } from '../../protocol/byte-path.ts';
import { CodiError } from '../../protocol/errors.ts';
import type { ExportRow } from '../../protocol/messages.ts';

export interface CapturedByHand {
  row: ExportRow;
  /** False: this content was captured of this file before. */
  isNew: boolean;
}

/** Where others ask for captures; it stays the same over restarts of the actor behind it. */
export class ExportDesk {
  #capture: ((path: BytePath) => Promise<CapturedByHand>) | undefined;

  /** Rejects with CODI_TRY_AGAIN while the actor restarts, and with the reason why a file is not captured. */
  async capture(path: BytePath): Promise<CapturedByHand> {
    if (!this.#capture) throw new CodiError('CODI_TRY_AGAIN', { reason: 'exports restart' });
    return this.#capture(path);
  }

  attach(capture: (path: BytePath) => Promise<CapturedByHand>): void {
    this.#capture = capture;
  }

  detach(): void {
    this.#capture = undefined;
  }
}
