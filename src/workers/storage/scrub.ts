import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreKind } from './open-database.ts';
import type { ScrubDamage, ScrubOptions, ScrubState } from './scrub.messages.ts';
import { StoreScrub, type SavedScrub, type ScrubPiece } from './scrub-store.ts';

const FILE = 'scrub.json';
const KINDS: readonly StoreKind[] = ['ledger', 'state'];
/** Long enough that a part of a segment is not unpacked for a few blocks. */
const PIECE_MS = 40;
/** Where nothing is due; sooner where passes follow each other sooner. */
const IDLE_MS = 5_000;
/** While a daemon starts, others need the disk and the cores more. */
const START_DELAY_MS = 10_000;
/** What is done twice after a kill. */
const SAVE_INTERVAL_MS = 30_000;

export interface ScrubReport {
  store: StoreKind;
  piece: ScrubPiece;
  state: ScrubState;
}

export interface ScrubRunPorts {
  nowMs(): number;
  monotonicMs(): number;
  onPiece(report: ScrubReport): void;
}

/**
 * Verifies every block of both databases and of the archive again and again, slowly: after each piece it rests as long
 * as its part of a core asks for. Where it is stands in a file, so that a pass goes on after a restart.
 */
export class Scrub {
  readonly #dataDir: string;
  readonly #options: ScrubOptions;
  readonly #ports: ScrubRunPorts;
  readonly #stores: Map<StoreKind, StoreScrub>;
  #savedAtMs = Number.NEGATIVE_INFINITY;

  constructor(dataDir: string, options: ScrubOptions, ports: ScrubRunPorts) {
    this.#dataDir = dataDir;
    this.#options = options;
    this.#ports = ports;
    const saved = readSaved(dataDir);
    const { nowMs, monotonicMs } = ports;
    const { intervalMs } = options;
    this.#stores = new Map(
      KINDS.map((kind) => {
        const storePorts = { nowMs, monotonicMs, pieceMs: PIECE_MS, intervalMs };
        return [kind, new StoreScrub(kind, dataDir, storePorts, saved?.[kind])];
      }),
    );
  }

  states(): ScrubState[] {
    return [...this.#stores.values()].map(({ state }) => state);
  }

  /** After how long the first piece may come; no later than passes follow each other. */
  get firstStepMs(): number {
    return Math.min(START_DELAY_MS, this.#options.intervalMs);
  }

  /** One piece of each database that is due; returns after how long the next one may come. */
  step(): number {
    const startedMs = this.#ports.monotonicMs();
    let hasWorked = false;
    for (const [store, scrub] of this.#stores) {
      const piece = scrub.step();
      if (!piece) continue;
      hasWorked = true;
      this.#ports.onPiece({ store, piece, state: scrub.state });
      if (piece.isPassDone || piece.found.length > 0) this.save();
    }
    if (!hasWorked) return Math.min(IDLE_MS, this.#options.intervalMs);
    const nowMs = this.#ports.monotonicMs();
    if (nowMs - this.#savedAtMs >= SAVE_INTERVAL_MS) this.save();
    return (nowMs - startedMs) * (100 / this.#options.percent - 1);
  }

  /** Renamed into place, but not synced: what is lost is verified again. */
  save(): void {
    this.#savedAtMs = this.#ports.monotonicMs();
    const path = join(this.#dataDir, FILE);
    const saved = Object.fromEntries([...this.#stores].map(([kind, scrub]) => [kind, scrub.saved]));
    try {
      writeFileSync(`${path}.new`, JSON.stringify(saved), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    } catch {
      // A full disk: the next pass begins earlier than it had to.
    }
  }

  close(): void {
    this.save();
    for (const scrub of this.#stores.values()) scrub.close();
  }
}

function readSaved(dataDir: string): Partial<Record<StoreKind, SavedScrub>> | undefined {
  try {
    const saved = JSON.parse(readFileSync(join(dataDir, FILE), 'utf8')) as object;
    return Object.fromEntries(Object.entries(saved).filter(([, one]) => isSaved(one)));
  } catch {
    return undefined;
  }
}

function isSaved(value: unknown): value is SavedScrub {
  if (typeof value !== 'object' || value === null) return false;
  const { identity, block, passBlocks, passEndedMs, dueMs, damage } = value as SavedScrub;
  const numbers = [block, passBlocks, passEndedMs ?? 0, dueMs];
  return (
    typeof identity === 'string' &&
    numbers.every((number) => Number.isFinite(number) && number >= 0) &&
    Array.isArray(damage) &&
    damage.every((one) => typeof (one as ScrubDamage | null)?.reason === 'string')
  );
}
