import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import type { EventDefinition, LogLevel } from './event-definition.ts';
import { EVENTS } from './events.ts';
import type { EventFields, EventName } from './events.ts';
import { Metrics } from './metrics.ts';
import { RepeatFilter } from './repeat-filter.ts';
import { fillSentence } from './sentence.ts';

const REPEAT_INTERVAL_MS = 10_000;
const REPEAT_KINDS_MAX = 1024;

/** The clocks telemetry needs; the supervisor's clock fits. */
export interface TelemetryClock {
  /** Wall clock, Unix milliseconds. */
  nowMs(): number;
  monotonicMs(): number;
}

export interface TelemetryOptions {
  /** Takes whole lines. A standard stream is written without blocking and up to a limit. */
  readonly destination: 'stderr' | 'stdout' | DestinationStream;
  readonly level: LogLevel;
  /** Default: the clocks of this machine. */
  readonly clock?: TelemetryClock;
}

/** Lines waiting for a standard stream whose reader is stuck; more are lost and counted. */
const STREAM_LIMIT_BYTES = 4 * 1024 * 1024;
/** How long a reader that is slow or stuck may keep the process from ending. */
const CLOSE_DEADLINE_MS = 1_000;

const MACHINE_CLOCK: TelemetryClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

/** What actors see of telemetry. */
export interface Telemetry {
  /** Writes one line, folded when it repeats, and moves the metrics. Never throws. */
  emit<Name extends EventName>(name: Name, fields: EventFields<Name>): void;
}

/** What the composition root holds. */
export interface TelemetryHub extends Telemetry {
  setLevel(level: LogLevel): void;
  /** Metrics in the Prometheus text format. */
  showMetrics(): Promise<string>;
  readonly metricsContentType: string;
  /** Lines that the destination did not take. */
  readonly lostLinesCount: number;
  /** Says what was held back and writes out what waits; the last call before the process ends. */
  flush(): Promise<void>;
}

export function createTelemetry(options: TelemetryOptions): TelemetryHub {
  return new PinoTelemetry(options);
}

class PinoTelemetry implements TelemetryHub {
  readonly #clock: TelemetryClock;
  readonly #logger: Logger;
  readonly #metrics = new Metrics(EVENTS as unknown as Record<string, EventDefinition>);
  readonly #repeats = new RepeatFilter({
    intervalMs: REPEAT_INTERVAL_MS,
    kindLimitCount: REPEAT_KINDS_MAX,
  });
  #lostLinesCount = 0;
  #closeStream: () => Promise<void> = async () => {};

  constructor({ destination, level, clock = MACHINE_CLOCK }: TelemetryOptions) {
    this.#clock = clock;
    this.#logger = pino(
      {
        level,
        base: null,
        timestamp: () => `,"time":"${new Date(clock.nowMs()).toISOString()}"`,
        formatters: { level: (label) => ({ level: label }) },
        serializers: {
          error: pino.stdSerializers.err,
          report: (value: unknown) => plainReport(value),
        },
        redact: ['token', 'password', 'secret', '*.token', '*.password', '*.secret'],
      },
      typeof destination === 'string' ? this.#openStream(destination) : destination,
    );
  }

  emit<Name extends EventName>(name: Name, fields: EventFields<Name>): void {
    try {
      this.#emit(name, EVENTS[name] as unknown as EventDefinition, fields);
    } catch {
      // Telling about the work must not break the work.
      this.#lostLinesCount += 1;
    }
  }

  #emit(name: string, event: EventDefinition, fields: object): void {
    const complete = (event.complete ?? ((given: object) => given)) as (
      given: object,
    ) => Record<string, unknown>;
    const all = complete(fields);
    this.#metrics.record(name, all);
    if (!this.#logger.isLevelEnabled(event.level)) return;
    const verdict = this.#repeats.judge(repeatKind(name, event, all), this.#clock.monotonicMs());
    if (!verdict.isShown) return;
    const heldBack = verdict.heldBack === 0 ? {} : { held_back: verdict.heldBack };
    const line = { event: name, ...declared(event, all), ...heldBack };
    this.#logger[event.level](line, fillSentence(event.sentence, all));
  }

  setLevel(level: LogLevel): void {
    this.#logger.level = level;
  }

  async showMetrics(): Promise<string> {
    return this.#metrics.show();
  }

  get metricsContentType(): string {
    return this.#metrics.contentType;
  }

  get lostLinesCount(): number {
    return this.#lostLinesCount;
  }

  async flush(): Promise<void> {
    for (const { kind, heldBack } of this.#repeats.drain()) {
      const [event = kind] = kind.split('\0');
      this.#logger.info({ event, held_back: heldBack }, 'Similar lines were held back.');
    }
    await this.#closeStream();
  }

  #openStream(destination: 'stderr' | 'stdout'): DestinationStream {
    const stream = pino.destination({
      dest: destination === 'stdout' ? 1 : 2,
      sync: false,
      maxLength: STREAM_LIMIT_BYTES,
    });
    let isBroken = false;
    const countLost = () => (this.#lostLinesCount += 1);
    stream.on('drop', countLost);
    stream.on('error', () => {
      isBroken = true;
      countLost();
    });
    this.#closeStream = () =>
      new Promise((resolve) => {
        if (isBroken) return resolve();
        for (const event of ['close', 'error']) stream.once(event, () => resolve());
        setTimeout(resolve, CLOSE_DEADLINE_MS);
        // Not flushSync: that tries for ever when the reader of a pipe is gone (sonic-boom 4.2.1).
        stream.end();
      });
    return stream;
  }
}

function repeatKind(name: string, event: EventDefinition, fields: Record<string, unknown>): string {
  const parts = (event.repeatedBy ?? []).map((field) => String(fields[field]));
  return [name, ...parts].join('\0');
}

function declared(event: EventDefinition, fields: Record<string, unknown>): object {
  const shown: Record<string, unknown> = {};
  for (const field of Object.keys(event.fields)) {
    if (fields[field] !== undefined) shown[field] = fields[field];
  }
  return shown;
}

/** Errors inside of a report are objects without own keys to JSON. */
function plainReport(value: unknown, depth = 0): unknown {
  if (value instanceof Error) return pino.stdSerializers.err(value);
  if (typeof value !== 'object' || value === null || depth > 3) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, plainReport(inner, depth + 1)]),
  );
}
