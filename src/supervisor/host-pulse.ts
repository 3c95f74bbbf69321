/**
 * Looks at a host per deadline. Silence is counted in looks of an event loop that turns: a loop that was blocked
 * itself (or a machine that slept) has seen one look only, and finds the messages that came meanwhile before
 * the next.
 */
export const PULSE_LOOKS = 4;

/** Looks without a sign of life, after one more. */
export function silentLooks(before: number, wasHeard: boolean): number {
  return wasHeard ? 0 : before + 1;
}

export function isUnresponsive(looks: number): boolean {
  return looks >= PULSE_LOOKS;
}

/** What is known of the life of one thread or process. */
export class HostPulse {
  heapUsedBytes: number | undefined;
  elu: number | undefined;
  #heardAtMs: number;
  #looks = 0;
  #wasHeard = true;

  constructor(nowMs: number) {
    this.#heardAtMs = nowMs;
  }

  /** Any message is a sign of life. */
  heard(nowMs: number): void {
    this.#wasHeard = true;
    this.#heardAtMs = nowMs;
  }

  /** What `sys.alive` says beside that. */
  told(message: unknown): void {
    const { heapUsedBytes, elu } = message as { heapUsedBytes?: unknown; elu?: unknown };
    if (typeof heapUsedBytes === 'number') this.heapUsedBytes = heapUsedBytes;
    if (typeof elu === 'number') this.elu = elu;
  }

  /** True when it has been silent for too long. */
  look(): boolean {
    this.#looks = silentLooks(this.#looks, this.#wasHeard);
    this.#wasHeard = false;
    return isUnresponsive(this.#looks);
  }

  silentMs(nowMs: number): number {
    return nowMs - this.#heardAtMs;
  }
}
