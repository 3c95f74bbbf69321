import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Damage } from '../../workers/storage/healing.messages.ts';

/** Where everybody who meets damage in a database says so; it stays the same over restarts of the actors. */
export class HealingDesk {
  readonly #telemetry: Telemetry;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  report({ store, block, reason }: Damage): void {
    const text = block === undefined ? reason : `block ${block}: ${reason}`;
    this.#telemetry.emit('StoreDamageFound', { store, reason: text });
  }
}
