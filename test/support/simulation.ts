import { seededRandom } from './virtual-environment.ts';

/** Draws of one simulated run: same seed, same run. */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number below the bound. */
  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)];
  }

  /** One of the actions, as often as its weight says. */
  async act(actions: readonly (readonly [weight: number, action: () => void | Promise<void>])[]) {
    const total = actions.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#random() * total;
    for (const [weight, action] of actions) {
      at -= weight;
      if (at < 0) return action();
    }
  }
}

/** CODI_SIM_SEED alone, or as many seeds as CODI_SIM_SEEDS says. */
export function simulationSeeds(defaultCount: number): number[] {
  const only = process.env['CODI_SIM_SEED'];
  if (only !== undefined) return [Number(only)];
  const count = Number(process.env['CODI_SIM_SEEDS'] ?? defaultCount);
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Runs every seed; the first failure names its seed. */
export async function runSeeds(
  seeds: readonly number[],
  run: (seed: number) => Promise<void>,
): Promise<void> {
  for (const seed of seeds) {
    try {
      await run(seed);
    } catch (error) {
      throw new Error(`CODI_SIM_SEED=${seed} repeats it: ${String(error)}`, { cause: error });
    }
  }
}
