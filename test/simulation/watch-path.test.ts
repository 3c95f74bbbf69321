// Watchers, their host's actor, the router, the ingest buffer and the ledger writer, all real, around a watch host
// and a ledger thread that answer late, refuse and die at points drawn from a seed, while watchers are killed.
import { IngestBuffer } from '#codi/actors/storage/ingest-buffer.js';
import { ledgerWriterSpec } from '#codi/actors/storage/ledger-writer.actor.js';
import { WriterRoom } from '#codi/actors/storage/writer-room.js';
import { RequestBook } from '#codi/actors/storage/request-book.js';
import { HostRouter } from '#codi/actors/watching/host-router.js';
import { RootTable } from '#codi/actors/watching/root-table.js';
import type { WatcherMessage } from '#codi/actors/watching/watcher-ports.js';
import { watcherSpec } from '#codi/actors/watching/watcher.actor.js';
import { HostTable } from '#codi/actors/watching/host-table.js';
import { watchHostSpec } from '#codi/actors/watching/watch-host.actor.js';
import { bytePathFromUtf8, type BytePath } from '#codi/protocol/byte-path.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry } from '../support/actor-world.ts';
import { LedgerDisk, LedgerThread } from '../support/fake-ledger.ts';
import {
  FakeWatchHost,
  foldChanges,
  indexRow,
  ROOT_OPTIONS,
  watchedRoot,
} from '../support/fake-watch-host.ts';
import { Dice, runSeeds, simulationSeeds } from '../support/simulation.ts';
import { virtualEnvironment } from '../support/virtual-environment.ts';
import { gapPorts, GapWorld } from '../support/gaps.ts';
import { newHealingDesk } from '../support/healing.ts';

const STEPS = 250;
const ROOTS = ['/one', '/two'].map((path) => bytePathFromUtf8(path));

class Simulation {
  readonly dice: Dice;
  readonly ledger = new LedgerDisk();
  readonly hosts: FakeWatchHost[] = [];
  readonly threads: LedgerThread[] = [];
  readonly disks = new Map<BytePath, Map<string, number>>(ROOTS.map((path) => [path, new Map()]));
  readonly #router = new HostRouter();
  readonly #table = new RootTable(() => undefined);
  readonly #buffer: IngestBuffer;
  readonly #world: ActorWorld;
  readonly gaps = new GapWorld();
  #writes = 0;
  syncsAsked = 0;
  syncsAnswered = 0;
  syncsFailed = 0;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    const limits = {
      limitBytes: 1e6,
      limitFrames: 1e4,
      connectionBytes: 1_000_000,
      batchBytes: 1e3,
      inFlightBytes: 1e3,
      inFlightCount: 8,
    };
    this.#buffer = new IngestBuffer(limits);
    const environment = virtualEnvironment({
      seed,
      onSpawn: (host) => {
        const fake =
          host.kind === 'thread'
            ? new LedgerThread(host, this.ledger)
            : new FakeWatchHost(host, this.disks);
        if (fake instanceof LedgerThread) this.threads.push(fake);
        else this.hosts.push(fake);
        environment.clock.setTimeout(() => fake.ready(), this.dice.below(20));
      },
    });
    this.#world = new ActorWorld(environment);
  }

  async start(): Promise<void> {
    const { telemetry } = rememberTelemetry();
    const entry = new URL('file:///entry.js');
    const writer = ledgerWriterSpec(
      entry,
      {},
      {
        buffer: this.#buffer,
        upkeep: new RequestBook(1),
        room: new WriterRoom(),
        assertInPlace: () => undefined,
        onEnd: () => undefined,
        healing: newHealingDesk(),
        onRefused: () => undefined,
        telemetry,
        deliver: () => undefined,
        onCommitted: () => undefined,
        onHead: () => undefined,
      },
    );
    const host = watchHostSpec(
      'host-1',
      { kind: 'process', entry },
      {
        router: this.#router,
        silenceLimitMs: 1e9,
        startTimeoutMs: 1e9,
        telemetry,
        table: new HostTable(telemetry),
        budget: { memoryBytes: 1e12, descriptors: 1e9 },
        limits: () => ({
          hosts: 1,
          watchSharePercent: 50,
          watchesCount: 1,
          coverageIntervalMs: 1,
          readAhead: { looksCount: 16, aboveMs: 0.06 },
        }),
      },
    );
    const watchers = ROOTS.map((path, index) => {
      const root = index + 1;
      this.#table.add(watchedRoot(root, path));
      return watcherSpec(
        { root, path, options: ROOT_OPTIONS },
        {
          ledger: this.#buffer,
          router: this.#router,
          table: this.#table,
          ...gapPorts(this.gaps.book),
          telemetry,
          sessions: { isEmpty: true, sessionOf: () => undefined },
          moveToRecursiveHost: () => undefined,
          indexPage: (rootPath) => this.#indexPage(rootPath),
          countDirectories: async () => 0,
          loadIndex: async () => [],
        },
      );
    });
    await this.#world.start({ children: [writer, host, ...watchers] });
    await this.#world.advance(50);
    await this.#world.advance(50);
  }

  /** Recorded rows, after a while; now and then the readers are away. */
  async #indexPage(path: BytePath) {
    const { clock } = this.#world.environment;
    const isAway = this.dice.chance(0.1);
    await new Promise<void>((resolve) => clock.setTimeout(resolve, this.dice.below(20)));
    if (isAway) throw new Error('the readers restart');
    const files = foldChanges(this.ledger.roots.get(path)?.events ?? []);
    return packIndex([...files].map(([name, size]) => indexRow(name, size)));
  }

  get #host(): FakeWatchHost | undefined {
    const host = this.hosts.at(-1);
    return host?.host.hasExited ? undefined : host;
  }

  get #thread(): LedgerThread | undefined {
    const thread = this.threads.at(-1);
    return thread?.host.hasExited ? undefined : thread;
  }

  step() {
    const { dice } = this;
    return dice.act([
      [30, () => this.#write()],
      [40, () => this.#host?.read()],
      [30, () => this.#host?.work(1 + dice.below(3))],
      [40, () => this.#host?.tell()],
      [8, () => this.#sync()],
      [30, () => this.#thread?.commit(1 + dice.below(3))],
      [4, () => this.#thread?.refuse(1 + dice.below(2), 1 + dice.below(60))],
      [1, () => (this.#thread?.commit(1, false), this.#thread?.die())],
      [1, () => this.#thread?.die()],
      [2, () => this.#host?.host.exit({ code: null, signal: 'SIGKILL' })],
      [1, () => this.#world.kill('host-1')],
      [4, () => this.#world.kill(String(dice.pick(ROOTS)))],
      [20, () => this.#world.advance(dice.below(60))],
      [40, () => this.#world.settle()],
    ]);
  }

  #write(): void {
    const disk = this.disks.get(this.dice.pick(ROOTS)!)!;
    const path = `f${this.dice.below(6)}`;
    if (this.dice.chance(0.25)) disk.delete(path);
    else disk.set(path, ++this.#writes);
  }

  /** Asks whether what is on disk now is recorded; when told so, it must be, or something newer. */
  #sync(): void {
    const path = this.dice.pick(ROOTS)!;
    const wanted = new Map(this.disks.get(path));
    const writesBefore = this.#writes;
    this.syncsAsked += 1;
    this.#world.system.ref<WatcherMessage>(path).send({
      type: 'sync',
      reply: (outcome) => {
        if (!outcome.ok) {
          this.syncsFailed += 1;
          return;
        }
        this.syncsAnswered += 1;
        const disk = this.disks.get(path)!;
        const recorded = foldChanges(this.ledger.roots.get(path)?.events ?? []);
        for (const [name, size] of wanted) {
          const isOvertaken = disk.get(name) !== size || (recorded.get(name) ?? 0) > writesBefore;
          if (!isOvertaken && recorded.get(name) !== size)
            this.#faults.push(`a sync of ${path} was answered before ${name} was recorded`);
        }
      },
    });
  }

  readonly #faults: string[] = [];

  async heal(): Promise<void> {
    for (let round = 0; round < 400; round++) {
      this.#thread?.commit();
      for (let count = 0; count < 20; count++) {
        this.#host?.read();
        this.#host?.tell();
      }
      this.#host?.work(5);
      await this.#world.advance(round < 100 ? 20 : 500);
      if (round > 120 && this.#isQuiet()) break;
    }
  }

  #isQuiet(): boolean {
    return (
      this.#buffer.isEmpty &&
      this.#host !== undefined &&
      this.#host.incoming.length + this.#host.outgoing.length === 0 &&
      this.#table.all().every(({ state }) => state === 'watching')
    );
  }

  check(): void {
    expect(this.#faults).toEqual([]);
    for (const host of this.hosts) {
      expect(host.faults).toEqual([]);
      expect(host.widest, 'no more than the window in flight').toBeLessThanOrEqual(4);
    }
  }

  checkHealed(): void {
    this.check();
    expect(this.#table.all().map(({ state }) => state)).toEqual(['watching', 'watching']);
    expect(this.#host?.roots).toHaveLength(2);
    for (const [path, disk] of this.disks) {
      const { events } = this.ledger.roots.get(path)!;
      const recorded = Object.fromEntries(foldChanges(events));
      expect(recorded, 'what is on disk is recorded').toEqual(Object.fromEntries(disk));
      // Contents are never used twice, so a repetition is a change that was recorded twice.
      const sizes = events.filter(({ size }) => size !== null).map(({ size }) => size);
      expect(new Set(sizes).size, 'nothing is recorded twice').toBe(sizes.length);
    }
    expect(this.syncsAnswered + this.syncsFailed, 'every sync is answered').toBe(this.syncsAsked);
    expect(this.#buffer.isEmpty).toBe(true);
    // The ends of those that came again at once are written later.
    this.gaps.pass(120_000);
    const reasonsOf = (path: BytePath) => this.gaps.book.of(path).map(({ reason }) => reason);
    expect(ROOTS.map(reasonsOf), 'nothing is in doubt').toEqual([[], []]);
    expect(this.gaps.closed.length).toBe(this.gaps.opened.length);
  }
}

test('Whatever dies between disk and ledger, changes are recorded once, in order, and acknowledged after that.', async () => {
  let answered = 0;
  let deaths = 0;
  await runSeeds(simulationSeeds(100), async (seed) => {
    const simulation = new Simulation(seed);
    await simulation.start();
    for (let step = 0; step < STEPS; step++) {
      await simulation.step();
      simulation.check();
    }
    await simulation.heal();
    simulation.checkHealed();
    answered += simulation.syncsAnswered;
    deaths += simulation.hosts.length + simulation.threads.length - 2;
  });
  if (process.env['CODI_SIM_SEED'] === undefined)
    expect(Math.min(answered, deaths)).toBeGreaterThan(100);
}, 600_000);
