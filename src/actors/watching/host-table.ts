import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { HostVitals } from '../../workers/watch-host/watch-host.messages.ts';

/** From this part of the budget on it is worth a warning, once until it is well below again. */
const SCARCE_SHARE = 0.8;
const PLENTY_SHARE = 0.7;

/** What the watch hosts hold of the system: filled by them, read by whoever answers questions. */
export class HostTable {
  readonly #telemetry: Telemetry;
  readonly #hosts = new Map<string, HostVitals>();
  #isScarce = false;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  update(host: string, vitals: HostVitals): void {
    this.#hosts.set(host, vitals);
    this.#tell();
  }

  /** Its process is gone, and what it held with it. */
  remove(host: string): void {
    if (this.#hosts.delete(host)) this.#tell();
  }

  get(host: string): HostVitals | undefined {
    return this.#hosts.get(host);
  }

  #tell(): void {
    const sum = (figure: keyof HostVitals) =>
      [...this.#hosts.values()].reduce((total, vitals) => total + vitals[figure], 0);
    const watches = sum('watches');
    const watchesLimit = sum('watchesLimit');
    this.#telemetry.emit('HostsMeasured', {
      ...{ hosts: this.#hosts.size, watches, watchesLimit },
      instances: sum('instances'),
      blindDirectories: sum('blindDirectories'),
      leakedWatches: sum('leakedWatches'),
      polledDirectories: sum('polledDirectories'),
      memoryBytes: sum('memoryBytes'),
      descriptors: sum('descriptors'),
      lookMs: Math.max(0, ...[...this.#hosts.values()].map(({ lookMs }) => lookMs)),
    });
    // Without a host, as after a crash, nobody holds a watch and nobody knows a limit.
    const isScarce =
      this.#hosts.size > 0 &&
      watches >= watchesLimit * (this.#isScarce ? PLENTY_SHARE : SCARCE_SHARE);
    if (isScarce && !this.#isScarce)
      this.#telemetry.emit('WatchesScarce', { watches, watchesLimit });
    this.#isScarce = isScarce;
  }
}
