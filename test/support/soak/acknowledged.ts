import type { MonitorClient } from '#codi/client/monitor-client.js';

const PAGE = 5_000;

interface Entries {
  made: number;
  acknowledged: number;
}

/** How many entries of each name were made and acknowledged; each message is a name and a number. */
export class Acknowledged {
  readonly #names = new Map<string, Entries>();

  get total(): number {
    return this.#all.reduce((sum, [, { acknowledged }]) => sum + acknowledged, 0);
  }

  get #all(): [string, Entries][] {
    return [...this.#names];
  }

  /** The next entry of a name; it has to be acknowledged in the end. */
  entry(name: string, text = '') {
    const entries = this.#names.get(name) ?? { made: 0, acknowledged: 0 };
    this.#names.set(name, entries);
    entries.made += 1;
    const message = `${entries.made - 1}`;
    return { level: 'Info' as const, component: `soak-${name}`, message, metadata: { text } };
  }

  answered(name: string, count = 1): void {
    this.#names.get(name)!.acknowledged += count;
  }

  /** What is not in the store exactly once, and what was never acknowledged: nothing. */
  async violations(client: MonitorClient): Promise<string[]> {
    const stored = new Map(this.#all.map(([name, { made }]) => [name, new Uint8Array(made)]));
    const wrong: string[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await client.request('QueryLogs', {
        filter: { component_prefix: 'soak-' },
        limit: PAGE,
        order: 'oldest',
        count: 'none',
        include_archived: true,
        ...(cursor && { cursor }),
      });
      for (const { component, message } of page.entries) {
        const times = stored.get(component.slice('soak-'.length));
        if (times?.[Number(message)] === undefined) wrong.push(`${component} ${message}: not made`);
        else times[Number(message)]! += 1;
      }
      cursor = page.next;
    } while (cursor);
    for (const [name, { made, acknowledged }] of this.#all) {
      if (acknowledged !== made) wrong.push(`${name}: ${acknowledged} of ${made} acknowledged`);
      stored.get(name)!.forEach((times, number) => {
        if (times !== 1) wrong.push(`${name} ${number}: stored ${times} times`);
      });
    }
    return wrong.slice(0, 10);
  }
}
