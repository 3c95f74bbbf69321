/**
 * Watches the process: event loop and garbage collection all the time, everything else when somebody asks.
 * While the main thread is busy without a pause nothing here runs either; afterwards it says for how long.
 */
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type { EventFields } from '../../telemetry/events.ts';
import type { GcKind } from '../../telemetry/labels.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { telemetryMachine } from './telemetry.machine.ts';

/** Observers of this process; they cost something, so they are closed. */
export interface RuntimeMeter {
  /** Delays since the last call. */
  takeLoopDelay(): EventFields<'EventLoopMeasured'>;
  readProcess(): Promise<EventFields<'ProcessMeasured'>>;
  close(): void;
}

export interface TelemetryPorts {
  openMeter(onGarbageCollected: (kind: GcKind, durationMs: number) => void): RuntimeMeter;
  /** Emits what is measured on demand, beside the process. */
  measure(): void;
  telemetry: Telemetry;
}

/** Asks for fresh measurements; `done` is called when they are in the metrics. */
export interface MeasureMessage {
  type: 'measure';
  done(): void;
}

/** How often the event loop is looked at; the sentences of its metrics say it too. */
const LOOK_INTERVAL_MS = 5_000;
/** A pause this long is worth a line: clients notice it. */
const STALL_MS = 500;

export function telemetrySpec(ports: TelemetryPorts): ActorSpec<MeasureMessage> {
  return {
    type: 'worker',
    id: 'telemetry',
    ...SERVICE_RESTARTS,
    start: (cell) => start(cell, ports),
  };
}

function start(
  cell: CellContext<MeasureMessage>,
  { openMeter, measure, telemetry }: TelemetryPorts,
) {
  let meter: RuntimeMeter;
  const onGarbageCollected = cell.scope.wrap((kind: GcKind, durationMs: number) =>
    telemetry.emit('GarbageCollected', { kind, durationMs }),
  );
  return behaviour({
    machine: telemetryMachine,
    effects: {
      'effect.open': () => {
        meter = openMeter(onGarbageCollected);
        cell.scope.defer('runtime meter', () => meter.close());
        cell.scope.every(LOOK_INTERVAL_MS, () => cell.raise({ type: 'lookDue' }));
      },
      'effect.look': () => {
        const delay = meter.takeLoopDelay();
        telemetry.emit('EventLoopMeasured', delay);
        if (delay.maxMs > STALL_MS)
          telemetry.emit('EventLoopStalled', { maxMs: Math.round(delay.maxMs) });
      },
    },
    receive: ({ done }: MeasureMessage) => {
      measure();
      const finish = cell.scope.wrap((numbers: EventFields<'ProcessMeasured'>) => {
        telemetry.emit('ProcessMeasured', numbers);
        done();
      });
      void meter.readProcess().then(
        finish,
        cell.scope.wrap((error: unknown) => cell.crash(error)),
      );
    },
  });
}
