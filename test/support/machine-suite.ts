import type { AnyStateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import { firstDeviation, mutantsOf, type Scenario } from './machine-scenarios.ts';

/** Tests of machines by their scenarios, and of the scenarios by mutants of the machines. */
export function describeMachines(machines: [string, AnyStateMachine, Scenario[]][]): void {
  describe.each(machines)('%s', (_name, machine, scenarios) => {
    test.each(scenarios)('$title', (scenario) => {
      expect(firstDeviation(machine, scenario)).toBeUndefined();
    });

    test('has no transition, guard, action, entry or tag whose loss would go unnoticed', () => {
      const survivors = mutantsOf(machine).filter((mutant) =>
        scenarios.every((scenario) => firstDeviation(mutant.machine, scenario) === undefined),
      );
      expect(survivors.map((mutant) => mutant.what)).toEqual([]);
    });
  });
}
