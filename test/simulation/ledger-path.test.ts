// Clients, their connections, the ingest buffer and the ledger writer, all real, around a ledger thread that
// commits, refuses, delays and dies at points drawn from a seed. CODI_SIM_SEEDS raises the number of seeds,
// CODI_SIM_SEED repeats one.
import { connectionSpec } from '#codi/actors/serving/connection.actor.js';
import { IngestBuffer } from '#codi/actors/storage/ingest-buffer.js';
import { ledgerWriterSpec } from '#codi/actors/storage/ledger-writer.actor.js';
import { WriterRoom } from '#codi/actors/storage/writer-room.js';
import { RequestBook } from '#codi/actors/storage/request-book.js';
import { AnswerDesk } from '#codi/wiring/serving-ports.js';
import { expect, test } from 'vitest';
import { ActorWorld, rememberTelemetry } from '../support/actor-world.ts';
import { LedgerDisk, LedgerThread } from '../support/fake-ledger.ts';
import { countingId, entryBody, FakeSocket, frameOf } from '../support/fake-socket.ts';
import { ServingWorld, UNIX } from '../support/serving-world.ts';
import { Dice, runSeeds, simulationSeeds } from '../support/simulation.ts';
import { virtualEnvironment } from '../support/virtual-environment.ts';
import { newHealingDesk } from '../support/healing.ts';

const STEPS = 120;

interface Client {
  connection: number;
  socket: FakeSocket;
  /** Ids of the frames in the order they were sent. */
  sent: string[];
  /** Sent its last byte: it reads its answers and is closed. */
  hasEnded: boolean;
  /** Went without reading its answers. */
  isCut: boolean;
}

class Simulation {
  readonly dice: Dice;
  readonly disk = new LedgerDisk();
  readonly threads: LedgerThread[] = [];
  readonly clients: Client[] = [];
  readonly buffer: IngestBuffer;
  readonly #desk = new AnswerDesk();
  readonly #world: ActorWorld;
  readonly #ports: ServingWorld['ports'];

  constructor(seed: number) {
    const dice = new Dice(seed);
    this.dice = dice;
    const isTight = dice.chance(0.5);
    this.buffer = new IngestBuffer({
      limitBytes: isTight ? 3_000 : 1_000_000,
      limitFrames: isTight ? 40 : 10_000,
      connectionBytes: isTight ? 300 : 1_000_000,
      batchBytes: 100 + dice.below(1_500),
      inFlightBytes: 100 + dice.below(5_000),
      inFlightCount: 1 + dice.below(8),
    });
    const environment = virtualEnvironment({
      seed,
      onSpawn: (host) => {
        const thread = new LedgerThread(host, this.disk);
        this.threads.push(thread);
        environment.clock.setTimeout(() => thread.ready(), dice.below(30));
      },
    });
    this.#world = new ActorWorld(environment);
    this.#ports = new ServingWorld({
      ingest: this.buffer,
      register: this.#desk.register,
      limits: {
        frameLimitBytes: 10_000,
        sendLimitBytes: 1_000_000,
        window: 1,
        messagesPerSecond: 0,
        bytesPerSecond: 0,
        followsMax: 1,
        firstFrameTimeoutMs: 60_000,
        frameTimeoutMs: 60_000,
      },
    }).ports;
  }

  async start(): Promise<void> {
    const writer = ledgerWriterSpec(
      new URL('file:///ledger.js'),
      {},
      {
        buffer: this.buffer,
        upkeep: new RequestBook(1),
        room: new WriterRoom(),
        assertInPlace: () => undefined,
        onEnd: () => undefined,
        healing: newHealingDesk(),
        onRefused: () => undefined,
        telemetry: rememberTelemetry().telemetry,
        deliver: (answers) => this.#desk.deliver(answers),
        onCommitted: () => undefined,
        onHead: () => undefined,
      },
    );
    const connections = { type: 'supervisor', id: 'connections', strategy: 'dynamic' } as const;
    await this.#world.start({ children: [writer, connections] });
    await this.#world.advance(50);
  }

  get #thread(): LedgerThread | undefined {
    const thread = this.threads.at(-1);
    return thread?.host.hasExited ? undefined : thread;
  }

  step() {
    const { dice } = this;
    const settle = () => this.#world.settle();
    return dice.act([
      [4, () => this.#connect()],
      [40, () => this.#send()],
      [6, () => this.#end()],
      [3, () => this.#disconnect()],
      [5, () => this.#block()],
      [30, () => this.#thread?.commit(1 + dice.below(3))],
      [5, () => this.#thread?.refuse(1 + dice.below(2), 1 + dice.below(80))],
      // Committed, but nobody was told before it died.
      [2, () => (this.#thread?.commit(1 + dice.below(3), false), this.#thread?.die())],
      [2, () => this.#thread?.die()],
      [2, () => this.#world.kill('ledger-writer')],
      [20, () => this.#world.advance(dice.below(60))],
      [20, settle],
    ]);
  }

  async #connect(): Promise<void> {
    if (this.clients.length >= 5) return;
    const connection = this.clients.length + 1;
    const socket = new FakeSocket(this.#world.environment.clock);
    const spec = connectionSpec(connection, socket, this.#ports, UNIX);
    await this.#world.during(this.#world.system.startChild('connections', spec));
    this.clients.push({ connection, socket, sent: [], hasEnded: false, isCut: false });
  }

  #send(): void {
    const client = this.dice.pick(this.clients.filter(({ hasEnded }) => !hasEnded));
    if (!client || client.socket.isDestroyed || client.socket.isPaused) return;
    const frames: Buffer[] = [];
    for (let count = 1 + this.dice.below(6); count > 0; count--) {
      const id = countingId();
      client.sent.push(id);
      frames.push(frameOf('LogEntry', entryBody('x'.repeat(this.dice.below(300))), id));
    }
    const bytes = Buffer.concat(frames);
    const cut = this.dice.below(bytes.length);
    client.socket.bytes(bytes.subarray(0, cut));
    client.socket.bytes(bytes.subarray(cut));
  }

  #end(): void {
    const client = this.dice.pick(this.clients);
    if (!client || client.hasEnded || client.socket.isPaused || this.dice.chance(0.7)) return;
    client.hasEnded = true;
    client.socket.peerEnd();
  }

  #disconnect(): void {
    if (this.dice.chance(0.8)) return;
    const client = this.dice.pick(this.clients);
    if (!client) return;
    client.hasEnded = true;
    client.isCut ||= !client.socket.isClosed;
    client.socket.destroy();
  }

  #block(): void {
    const client = this.dice.pick(this.clients);
    if (client?.socket.isBlocked) client.socket.drain();
    else if (client) client.socket.isBlocked = true;
  }

  /** The faults stop, and everything that is owed is answered. */
  async heal(): Promise<void> {
    for (const { socket } of this.clients) if (socket.isBlocked) socket.drain();
    for (let round = 0; round < 200 && !this.buffer.isEmpty; round++) {
      await this.#world.advance(250);
      this.#thread?.commit();
    }
    await this.#world.advance(1_000);
  }

  check(isHealed: boolean): void {
    const times = new Map<string, number>();
    for (const { id } of this.disk.entries) times.set(id, (times.get(id) ?? 0) + 1);
    for (const { connection, socket, sent, isCut } of this.clients) {
      const answers = socket.bodies('Acknowledgment');
      const ids = answers.map((answer) => answer.request_id as string);
      expect(new Set(ids).size, 'one final answer to each frame').toBe(ids.length);
      const accepted = answers.filter(({ status }) => status === 'Accepted');
      for (const { request_id: id } of accepted)
        expect(times.get(id), 'what is acknowledged is stored once').toBe(1);
      const rejected = answers.filter(({ status }) => status !== 'Accepted');
      // A refused replay may have been stored by the thread before: then the client's next try is a duplicate.
      for (const { request_id: id } of rejected)
        if (!this.disk.untold.has(id))
          expect(times.get(id), 'what is rejected is not stored').toBeUndefined();
      const stored = this.disk.entries.filter((entry) => entry.connection === connection);
      const order = stored.map(({ id }) => sent.indexOf(id));
      expect(order, 'a connection is stored in its order').toEqual(order.toSorted((a, b) => a - b));
      if (isHealed && !isCut) expect(ids.toSorted(), 'nothing stays owed').toEqual(sent.toSorted());
    }
    expect([...times.values()].every((count) => count === 1)).toBe(true);
    if (!isHealed) return;
    expect([this.buffer.bytes, this.buffer.frames, this.buffer.isEmpty]).toEqual([0, 0, true]);
    for (const { socket, hasEnded } of this.clients) {
      if (!socket.isDestroyed) expect(socket.isPaused, 'nobody is left waiting').toBe(false);
      if (hasEnded) expect(socket.isClosed, 'a client that ended is closed').toBe(true);
    }
  }

  get replays(): number {
    return this.disk.duplicates;
  }
}

test('Whatever the ledger thread does, every frame gets one true answer and nothing acknowledged is lost.', async () => {
  let replays = 0;
  let refusals = 0;
  let stored = 0;
  await runSeeds(simulationSeeds(100), async (seed) => {
    const simulation = new Simulation(seed);
    await simulation.start();
    for (let step = 0; step < STEPS; step++) await simulation.step();
    simulation.check(false);
    await simulation.heal();
    simulation.check(true);
    replays += simulation.replays;
    stored += simulation.disk.entries.length;
    for (const { socket } of simulation.clients)
      refusals += socket.bodies('Acknowledgment').filter((a) => a.status !== 'Accepted').length;
  });
  // The seeds reach what they are meant to reach.
  if (process.env['CODI_SIM_SEED'] === undefined)
    expect(Math.min(replays, refusals, stored)).toBeGreaterThan(10);
}, 600_000);
