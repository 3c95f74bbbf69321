import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DaemonPlace, RunningDaemon } from './daemon.ts';
import { ResendingClient, sendUntilAccepted } from './resending-client.ts';

const SINGLES = 12;
const BATCHES = 3;
const BATCH_ENTRIES = 5;
const SESSIONS = 2;
/** Past the smallest limit of the log, so that the writer itself restarts it. */
const BIG_ENTRIES = 9;
const BIG_BYTES = 180_000;
/** Any actor that nobody in the workload needs at that moment. */
const VICTIM = 'serving/http';
/** A block each, the same ones in every run: their segments have the same names. */
const OLD_ENTRIES = 60;
const OLD_BYTES = 4_000;

/**
 * The standard workload: every kind of client and of durable work, small enough to be repeated hundreds of times.
 * Each client knows afterwards what was acknowledged to it.
 */
export class CrashWorkload {
  readonly root: string;
  readonly secondRoot: string;
  readonly clients: ResendingClient[] = [];
  readonly sessions: { name: string; startId: string; endId: string; client: ResendingClient }[] =
    [];
  watchId = '';
  readonly #place: DaemonPlace;
  #filesStep = 0;

  /** Entries from before, which retention archives while the others write. */
  readonly old: ResendingClient[] = [];

  constructor(place: DaemonPlace, options: { isSmall: boolean; hasOld?: boolean }) {
    this.#place = place;
    this.root = join(place.home, 'watched');
    this.secondRoot = join(place.home, 'watched-later');
    mkdirSync(this.root);
    mkdirSync(this.secondRoot);
    writeFileSync(join(this.root, 'first.txt'), 'here before the daemon');
    if (options.hasOld) this.#addOld();
    this.#addProducers();
    this.#addAnonymous();
    this.#addSessions();
    this.#addWatch();
    if (!options.isSmall) this.#addBigEntries();
  }

  /** Runs all of it at once against a daemon that may die at any moment; resolves when it is done or dead. */
  async run(daemon: RunningDaemon): Promise<void> {
    let isAlive = true;
    const died = new Promise<void>((resolve) => {
      if (daemon.process.exitCode !== null || daemon.process.signalCode !== null) resolve();
      daemon.process.once('exit', () => resolve());
    }).then(() => void (isAlive = false));
    const work = Promise.all([
      sendUntilAccepted(this.clients, this.#place.socketPath, () => isAlive),
      this.#changeFiles(() => isAlive),
      this.#act(daemon),
    ]);
    await Promise.race([work, died]);
    await (isAlive ? work : died);
  }

  /** A few changes of each kind; called again after a restart it goes on. */
  async #changeFiles(shouldGoOn: () => boolean): Promise<void> {
    for (let round = 0; round < 4 && shouldGoOn(); round++) {
      const step = this.#filesStep++;
      const directory = join(this.root, `d${step}`);
      mkdirSync(directory);
      for (let file = 0; file < 3; file++)
        writeFileSync(join(directory, `f${file}.txt`), 'x'.repeat(step + file));
      await new Promise((resolve) => setTimeout(resolve, 60));
      appendFileSync(join(directory, 'f0.txt'), 'more');
      renameSync(join(directory, 'f1.txt'), join(directory, 'moved.txt'));
      rmSync(join(directory, 'f2.txt'));
      if (step % 3 === 2) renameSync(directory, join(this.root, `moved${step}`));
    }
  }

  /** An administrative act, which is recorded in the ledger. */
  async #act(daemon: RunningDaemon): Promise<void> {
    try {
      const debug = await daemon.debug();
      try {
        await debug.kill(VICTIM);
      } finally {
        debug.close();
      }
    } catch {
      // The daemon died first.
    }
  }

  /** Puts the old entries into a store that nothing else has written to yet. */
  async fill(): Promise<void> {
    await sendUntilAccepted(this.old, this.#place.socketPath, () => true);
  }

  #client(window: number, hello?: object): ResendingClient {
    const client = new ResendingClient(window, hello);
    this.clients.push(client);
    return client;
  }

  #addOld(): void {
    const client = this.#client(1, { version: 1, producer_id: 'old' });
    this.old.push(client);
    for (let sequence = 1; sequence <= OLD_ENTRIES; sequence++) {
      const message = `old ${sequence} ${'x'.repeat(OLD_BYTES)}`;
      client.add({ LogEntry: { ...entry(message), sequence } }, [message]);
    }
  }

  #addProducers(): void {
    const singles = this.#client(3, { version: 1, producer_id: 'singles' });
    for (let sequence = 1; sequence <= SINGLES; sequence++) {
      const message = `producer single ${sequence}`;
      singles.add({ LogEntry: { ...entry(message), sequence } }, [message]);
    }
    const batches = this.#client(2, { version: 1, producer_id: 'batches' });
    for (let batch = 0; batch < BATCHES; batch++) {
      const messages = batchOf(`producer batch ${batch}`);
      const first = batch * BATCH_ENTRIES + 1;
      batches.add({ LogBatch: { entries: messages.map(entry), first_sequence: first } }, messages);
    }
  }

  #addAnonymous(): void {
    const original = this.#client(1);
    const modern = this.#client(4, { version: 1 });
    for (let number = 0; number < SINGLES; number++) {
      const message = `anonymous single ${number}`;
      original.add({ LogEntry: entry(message) }, [message]);
    }
    for (let batch = 0; batch < BATCHES; batch++) {
      const messages = batchOf(`anonymous batch ${batch}`);
      modern.add({ LogBatch: { entries: messages.map(entry) } }, messages);
    }
  }

  #addSessions(): void {
    for (let number = 0; number < SESSIONS; number++) {
      const client = this.#client(1);
      const name = `S-${number}`;
      const message = `in session ${number}`;
      const startId = client.add({ SessionStart: { session_id: name, identity: 'tester' } });
      client.add({ LogEntry: { ...entry(message), session_id: name } }, [message]);
      const endId = client.add({ SessionEnd: { session_id: name } });
      this.sessions.push({ name, startId, endId, client });
    }
  }

  #addWatch(): void {
    const client = this.#client(1);
    const watch = { path: this.secondRoot, recursive: true, patterns: [] };
    this.watchId = client.add({ StartMonitoring: watch });
  }

  #addBigEntries(): void {
    const client = this.#client(BIG_ENTRIES);
    for (let number = 0; number < BIG_ENTRIES; number++) {
      const message = `big ${number} ${'x'.repeat(BIG_BYTES)}`;
      client.add({ LogEntry: entry(message) }, [message]);
    }
  }
}

function entry(message: string): object {
  return { level: 'Info', component: 'crash', message };
}

function batchOf(name: string): string[] {
  return Array.from({ length: BATCH_ENTRIES }, (_, number) => `${name} entry ${number}`);
}
