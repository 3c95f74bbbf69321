import type { Telemetry } from '../../telemetry/telemetry.ts';
import type {
  Damage,
  DamagedStore,
  HealingNews,
  HealReport,
} from '../../workers/storage/healing.messages.ts';

/** A store is looked at again after so long, however often somebody meets the same damage. */
const ASK_INTERVAL_MS = 5_000;

/** Asks a writer to look at what somebody met, and to heal it. */
type Ask = (damage: Damage) => void;

export interface HealingPorts {
  telemetry: Telemetry;
  monotonicMs(): number;
  /** Whether the damaged files and their report are still where they were put. */
  isKept(report: HealReport): boolean;
  /** A database was healed, now or by an earlier run. */
  onHealed(report: HealReport, isNew: boolean): void;
}

/**
 * Where everybody who meets damage in a database says so, and where it is known what was healed; it stays the same
 * over restarts of the actors.
 */
export class HealingDesk {
  readonly #ports: HealingPorts;
  readonly #asks = new Map<DamagedStore, Ask>();
  readonly #waiting = new Map<DamagedStore, Damage>();
  readonly #askedAtMs = new Map<DamagedStore, number>();
  readonly #underWay = new Map<DamagedStore, { reason: string; share: number }>();
  /** Damage that may not be healed now, by store. */
  readonly #unhealed = new Map<DamagedStore, string>();
  #reports: HealReport[] = [];

  constructor(ports: HealingPorts) {
    this.#ports = ports;
  }

  report(damage: Damage): void {
    const { store, block, reason } = damage;
    const text = block === undefined ? reason : `block ${block}: ${reason}`;
    this.#ports.telemetry.emit('StoreDamageFound', { store, reason: text });
    if (this.#underWay.has(store)) return;
    const nowMs = this.#ports.monotonicMs();
    if (nowMs - (this.#askedAtMs.get(store) ?? -Infinity) < ASK_INTERVAL_MS) return;
    this.#askedAtMs.set(store, nowMs);
    const ask = this.#asks.get(store);
    if (ask) ask(damage);
    else this.#waiting.set(store, damage);
  }

  /** A writer can be asked from now on; returns the end of that. */
  attach(store: DamagedStore, ask: Ask): () => void {
    this.#underWay.delete(store);
    this.#asks.set(store, ask);
    const waiting = this.#waiting.get(store);
    this.#waiting.delete(store);
    if (waiting) ask(waiting);
    return () => {
      if (this.#asks.get(store) === ask) this.#asks.delete(store);
    };
  }

  take(news: HealingNews): void {
    if (news.type === 'unhealed') {
      this.#unhealed.set(news.store, news.reason);
      return;
    }
    if (news.type === 'healing') {
      this.#unhealed.delete(news.store);
      this.#underWay.set(news.store, { reason: news.reason, share: news.share });
      return;
    }
    const { report } = news;
    this.#underWay.delete(report.store);
    this.remember(report, true);
    const { store, lostBlocks, entries, reason } = report;
    this.#ports.telemetry.emit('StoreHealed', { store, lostBlocks, entries, reason });
  }

  /** Shown until a person moves the damaged files away. */
  remember(report: HealReport, isNew = false): void {
    if (this.#reports.some(({ quarantine }) => quarantine === report.quarantine)) return;
    this.#reports.push(report);
    this.#ports.onHealed(report, isNew);
  }

  /** How far the healing of a store is, in percent; undefined when none is under way. */
  percent(store: DamagedStore): number | undefined {
    const underWay = this.#underWay.get(store);
    return underWay && Math.floor(underWay.share * 100);
  }

  /** Why the daemon counts as degraded, each with what to do. */
  reasons(): { text: string; publicText: string }[] {
    this.#reports = this.#reports.filter((report) => this.#ports.isKept(report));
    const underWay = [...this.#underWay].map(([store, { reason }]) => ({
      text: `${store}.db is damaged (${reason}) and is being healed: ${this.percent(store)} %`,
      publicText: `${store}.db is damaged and is being healed`,
    }));
    const unhealed = [...this.#unhealed].map(([store, text]) => ({
      text,
      publicText: `${store}.db is damaged`,
    }));
    return [...underWay, ...unhealed, ...this.#reports.map(describe)];
  }
}

function describe({ store, lostBlocks, reason, healedAt, quarantine }: HealReport) {
  const blocks = lostBlocks === 1 ? '1 block is' : `${lostBlocks} blocks are`;
  const lost = lostBlocks === 0 ? 'nothing is lost' : `${blocks} lost or unproved`;
  const publicText = `${store}.db was damaged and is healed; ${lost}`;
  const text = `${store}.db was damaged (${reason}) and is healed since ${healedAt}; ${lost}; see \`codi store verify\`, then move ${quarantine}* out of the data directory`;
  return { text, publicText };
}
