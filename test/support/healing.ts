import { HealingDesk, type HealingPorts } from '#codi/actors/storage/healing-desk.js';
import { rememberTelemetry } from './actor-world.ts';

/** A desk that nothing was told yet. */
export function newHealingDesk(ports: Partial<HealingPorts> = {}): HealingDesk {
  return new HealingDesk({
    telemetry: rememberTelemetry().telemetry,
    monotonicMs: () => 0,
    isKept: () => true,
    onHealed: () => undefined,
    ...ports,
  });
}
