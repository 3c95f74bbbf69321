import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { FromCheckpointer } from '../../workers/storage/checkpoint.messages.ts';
import type { Damage } from '../../workers/storage/healing.messages.ts';
import type { ScrubDamage, ScrubState } from '../../workers/storage/scrub.messages.ts';

const NEXT = 'see `codi store verify`';

/** What the scrub said last: shown by `codi status`, told in the log, and handed on where something can be done. */
export class ScrubDesk {
  readonly #telemetry: Telemetry;
  readonly #onDamage: (damage: Damage) => void;
  readonly #states = new Map<string, ScrubState>();

  constructor(telemetry: Telemetry, onDamage: (damage: Damage) => void) {
    this.#telemetry = telemetry;
    this.#onDamage = onDamage;
  }

  take(message: FromCheckpointer): void {
    if (message.type === 'scrubStates')
      for (const state of message.states) this.#states.set(state.store, state);
    if (message.type !== 'scrubbed') return;
    const { store, piece, state } = message;
    this.#states.set(store, state);
    this.#telemetry.emit('Scrubbed', { store, blocks: piece.blocks, entries: piece.entries });
    for (const damage of piece.found) this.#report(store, damage);
    if (piece.isPassDone && state.passEndedMs !== null)
      this.#telemetry.emit('ScrubPassEnded', {
        store,
        blocks: state.passBlocks,
        damaged: state.damage.length,
        atSeconds: Math.floor(state.passEndedMs / 1_000),
      });
  }

  /** Why the daemon counts as degraded. */
  reasons(): { text: string; publicText: string }[] {
    return [...this.#states.values()].flatMap(({ store, damage }) => {
      const [first] = damage;
      if (!first) return [];
      const more = damage.length > 1 ? ` (and ${damage.length - 1} more)` : '';
      const text = `${store}.db, ${describe(first)}${more}; ${NEXT}`;
      return [{ text, publicText: `${store}.db or its archive is damaged` }];
    });
  }

  /** Per database: to which block it is verified, and when the last full pass ended. */
  summary(): {
    database: string;
    verified_blocks: number;
    pass_ended_at?: string;
    damaged: number;
  }[] {
    return [...this.#states.values()].map(({ store, block, passBlocks, passEndedMs, damage }) => ({
      database: store,
      verified_blocks: Math.max(block, passBlocks),
      ...(passEndedMs !== null && { pass_ended_at: new Date(passEndedMs).toISOString() }),
      damaged: damage.length,
    }));
  }

  #report(store: ScrubState['store'], damage: ScrubDamage): void {
    this.#telemetry.emit('ScrubFoundDamage', { store, reason: describe(damage) });
    const { isArchived, ...found } = damage;
    // A segment is another file: nothing of the database has to be made good.
    if (!isArchived) this.#onDamage({ store, ...found });
  }
}

function describe({ block, reason }: ScrubDamage): string {
  return block === undefined ? reason : `block ${block}: ${reason}`;
}
