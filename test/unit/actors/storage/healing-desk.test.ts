import { expect, test } from 'vitest';
import { HealingDesk } from '#codi/actors/storage/healing-desk.js';
import { rememberTelemetry } from '../../../support/actor-world.ts';

test('Damage is told with its store, and with its block where that is known.', () => {
  const { telemetry, events } = rememberTelemetry();
  const desk = new HealingDesk(telemetry);
  desk.report({ store: 'ledger', block: 3, reason: 'its entries do not match its leaf' });
  desk.report({ store: 'state', reason: 'database disk image is malformed' });
  expect(events.filter(({ name }) => name === 'StoreDamageFound')).toEqual([
    expect.objectContaining({
      store: 'ledger',
      reason: 'block 3: its entries do not match its leaf',
    }),
    expect.objectContaining({ store: 'state', reason: 'database disk image is malformed' }),
  ]);
});
