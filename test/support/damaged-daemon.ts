import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { BodyOf } from '#codi/protocol/messages.js';
import { eventually } from './deadline.ts';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from './daemon.ts';

type Findings = BodyOf<'AuditFindings'>;
const HEALED = /^(ledger|state)\.db was damaged \(.*\) and is healed/;

interface Verified {
  findings: Findings['findings'];
  losses: Findings['findings'];
}

/** A daemon whose databases are damaged while it is down, or while it runs. */
export class DamagedDaemon {
  readonly place: DaemonPlace = newPlace();
  daemon: RunningDaemon | undefined;
  /** Messages that were acknowledged, by id. */
  readonly acknowledged = new Map<number, string>();
  readonly #env: Record<string, string>;
  #count = 0;

  constructor(env: Record<string, string> = {}) {
    this.#env = env;
  }

  path(name: string): string {
    return join(this.place.dataDir, name);
  }

  async start(): Promise<void> {
    this.daemon = await startDaemon(this.place, [], { timeoutMs: 60_000, env: this.#env });
  }

  /** Writes entries one by one, so that each is a block. */
  async write(count: number): Promise<void> {
    const client = await this.daemon!.client();
    for (let n = 0; n < count; n++) {
      const message = `entry ${++this.#count} ${'x'.repeat(200)}`;
      await client.log({ level: 'Info', component: 'test', message });
    }
    await client.close();
    for (const [id, message] of await this.entries()) this.acknowledged.set(id, message);
    expect(this.acknowledged.size).toBe(this.#count);
  }

  /** All that queries find, by id. */
  async entries(): Promise<Map<number, string>> {
    const client = await this.daemon!.client();
    const found = new Map<number, string>();
    let cursor: string | null = null;
    do {
      const page: BodyOf<'LogResults'> = await client.request('QueryLogs', {
        filter: {},
        limit: 1_000,
        order: 'oldest',
        cursor,
      });
      for (const { id, message } of page.entries) {
        expect(found.has(id), `entry ${id} is found twice`).toBe(false);
        found.set(id, message);
      }
      cursor = page.next ?? null;
    } while (cursor !== null);
    await client.close();
    return found;
  }

  async status(): Promise<BodyOf<'Status'>> {
    const client = await this.daemon!.client();
    const status = await client.request('Health', {});
    await client.close();
    return status;
  }

  /** Waits until every block is under a signature. */
  async signed(): Promise<void> {
    const client = await this.daemon!.client();
    await eventually('every block to be signed', async () => {
      const { databases } = await client.request('AuditHead', {});
      return databases.every(({ blocks, size }) => (blocks ?? 0) === size);
    });
    await client.close();
  }

  /** What `codi audit verify` finds and names. */
  async verify(database: 'ledger' | 'state'): Promise<Verified> {
    const client = await this.daemon!.client();
    const all: Verified = { findings: [], losses: [] };
    let cursor: string | null = null;
    do {
      const page: Findings = await client.request('AuditVerify', { database, cursor });
      all.findings.push(...page.findings);
      all.losses.push(...(page.losses ?? []));
      cursor = page.next ?? null;
    } while (cursor !== null);
    await client.close();
    return all;
  }

  /** Waits until the daemon says that a database was damaged and is healed. */
  async healed(database: 'ledger' | 'state'): Promise<void> {
    const look = async () => {
      // While a ledger is healed a client with a producer id is asked to come again.
      const status = await this.status().catch(() => undefined);
      return status?.reasons?.some((reason) => HEALED.exec(reason)?.[1] === database) ?? false;
    };
    await eventually(`${database}.db to be healed`, look, 60_000);
  }

  /**
   * What was acknowledged is found or named as lost; new entries get new numbers; the chain verifies; the damaged files
   * are kept, and an act tells of it.
   */
  async expectService({ lostMax }: { lostMax: number }): Promise<void> {
    await this.healed('ledger');
    const found = await this.entries();
    for (const [id, message] of found) {
      // Written while the ledger was damaged, it is not known by its number yet.
      if (!this.acknowledged.has(id)) this.acknowledged.set(id, message);
      expect(message, `entry ${id}`).toBe(this.acknowledged.get(id));
    }
    const { losses } = await this.verify('ledger');
    const isNamed = (id: number) =>
      losses.some(({ ranges }) =>
        ranges.some((range) => range.stream === 'log' && range.first <= id && id <= range.last),
      );
    const missing = [...this.acknowledged.keys()].filter((id) => !found.has(id));
    for (const id of missing) expect(isNamed(id), `entry ${id} is named as lost`).toBe(true);
    expect(missing.length).toBeLessThanOrEqual(lostMax);
    const highest = Math.max(0, ...this.acknowledged.keys());
    for (const id of missing) this.acknowledged.delete(id);
    this.#count = this.acknowledged.size;
    await this.write(3);
    const added = [...this.acknowledged.keys()].filter((id) => !found.has(id));
    for (const id of added) expect(id).toBeGreaterThan(highest);
    const { findings } = await this.verify('ledger');
    // Where leaves are gone the chain is another one than the signed; the notary signs it on under another name.
    for (const { reason } of findings) expect(reason).toMatch(/were signed|signed up to here/);
    const client = await this.daemon!.client();
    const act = await eventually('the act', async () => {
      const { acts } = await client.request('QueryActs', {
        filter: { kind: 'store.healed' },
        limit: 10,
      });
      return acts[0];
    });
    await client.close();
    expect(act.subject).toBe('ledger.db');
    const kept = readdirSync(this.place.dataDir).filter((name) => name.includes('.corrupt.'));
    expect(kept.some((name) => name.endsWith('.json'))).toBe(true);
  }

  async end(): Promise<void> {
    await this.daemon?.stop();
    this.place.remove();
  }
}
