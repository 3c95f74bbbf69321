import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../daemon.ts';
import { eventually } from '../deadline.ts';
import { isAlive } from '../is-alive.ts';
import { StormDisk } from './storm-disk.ts';
import { RecordedTrees } from './storm-judge.ts';
import {
  STORM_IGNORE,
  STORM_ROOTS,
  stormPlan,
  type StormOp,
  type StormSize,
} from './storm-plan.ts';
import { StormVerdict } from './storm-verdict.ts';
import { systemCalls } from './system-calls.ts';

/** How long nothing may be recorded until a storm counts as over. */
const QUIET_MS = 2_000;
const QUIET_LIMIT_MS = 60_000;
const START_LIMIT_MS = 90_000;
const HOST_LIFE_AFTER_DAEMON_MS = 2_000;

export interface StormOutcome {
  readonly seed: number;
  readonly ops: number;
  readonly entries: number;
  readonly events: number;
  readonly hostKills: number;
  readonly daemonKills: number;
  /** What was wrong after quiet alone, and right after a sync. */
  readonly onlySweepFound: string[];
}

/** Runs one storm against a real daemon and judges it; throws when something does not hold. */
export async function runStorm(
  seed: number,
  size: StormSize,
  settings: Record<string, string> = {},
  opLimit = Infinity,
): Promise<StormOutcome> {
  const plan = stormPlan(seed, size).slice(0, opLimit);
  const storm = new Storm(newPlace('codi-storm-'), plan, settings);
  try {
    await storm.blow();
    return { seed, ...(await storm.judge()) };
  } catch (error) {
    const log = storm.keepLog(seed);
    throw new Error(
      `${String(error)}\nrepeat it with npm run storms -- --seed ${seed}, shorten it with --ops N ` +
        `(of ${plan.length}); what was done: ${log}`,
      { cause: error },
    );
  } finally {
    await storm.close();
  }
}

class Storm {
  readonly #place: DaemonPlace;
  readonly #plan: readonly StormOp[];
  readonly #base: string;
  readonly #disk: StormDisk;
  readonly #settings: Record<string, string>;
  #daemon: RunningDaemon | undefined;
  #stopped: number | undefined;
  #done = 0;
  readonly #kills = { host: 0, daemon: 0 };

  constructor(place: DaemonPlace, plan: readonly StormOp[], settings: Record<string, string>) {
    this.#settings = settings;
    this.#place = place;
    this.#plan = plan;
    this.#base = join(place.home, 'base');
    this.#disk = new StormDisk(this.#base, systemCalls());
  }

  async blow(): Promise<void> {
    mkdirSync(join(this.#base, 'outside'), { recursive: true });
    for (const { path } of STORM_ROOTS) mkdirSync(join(this.#base, path), { recursive: true });
    await this.#start();
    await this.#watch();
    for (const op of this.#plan) {
      await this.#perform(op);
      this.#done += 1;
    }
    // A plan that was cut may end in the middle.
    this.#continueHost();
    if (!this.#daemon) await this.#start();
  }

  async judge(): Promise<Omit<StormOutcome, 'seed'>> {
    const recorded = new RecordedTrees(this.#place.dataDir);
    const { mapped } = this.#disk;
    const facts = { base: this.#base, plan: this.#plan, recorded, mapped };
    const verdict = new StormVerdict(facts);
    try {
      await this.#untilQuiet(recorded, verdict);
      const early = verdict.differences('index');
      const onlySweepFound = early.map((found) => verdict.shown(found));
      const wrong = early
        .filter((found) => !verdict.isForSweeps(found))
        .map((found) => `without a sync: ${verdict.told(found)}`);
      await this.#sync();
      for (const found of verdict.differences('index')) wrong.push(verdict.told(found));
      for (const found of verdict.differences('folded'))
        wrong.push(`folded: ${verdict.told(found)}`);
      if (recorded.missingSeqs() !== 0n)
        wrong.push(`${recorded.missingSeqs()} numbers are missing`);
      if (wrong.length > 0)
        throw new Error(`${wrong.length} differences:\n${wrong.slice(0, 10).join('\n')}`);
      return {
        ops: this.#done,
        entries: STORM_ROOTS.reduce((sum, { path }) => sum + verdict.wanted(path).size, 0),
        events: Number(recorded.lastSeq()),
        hostKills: this.#kills.host,
        daemonKills: this.#kills.daemon,
        onlySweepFound,
      };
    } finally {
      recorded.close();
    }
  }

  /** Writes down what was done, in the temporary directory, and says where. */
  keepLog(seed: number): string {
    const path = join(this.#place.home, '..', `codi-storm-${seed}.jsonl`);
    writeFileSync(
      path,
      this.#plan
        .slice(0, this.#done + 1)
        .map((op) => JSON.stringify(op))
        .join('\n'),
    );
    return path;
  }

  async close(): Promise<void> {
    this.#continueHost();
    await this.#daemon?.kill();
    this.#place.remove();
  }

  async #perform(op: StormOp): Promise<void> {
    switch (op.do) {
      case 'pause':
        await new Promise((resolve) => setTimeout(resolve, op.ms));
        break;
      case 'stopHost':
        this.#stopped = this.#signalHost('SIGSTOP');
        break;
      case 'contHost':
        this.#continueHost();
        break;
      case 'killHost':
        if (this.#signalHost('SIGKILL') !== undefined) this.#kills.host += 1;
        break;
      case 'killDaemon':
        await this.#killDaemon();
        break;
      case 'startDaemon':
        await this.#start();
        break;
      default:
        this.#disk.perform(op);
        // The daemon's own events have their turn, as between two system calls of another program.
        if (this.#done % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #start(): Promise<void> {
    this.#daemon = await startDaemon(this.#place, [], {
      timeoutMs: START_LIMIT_MS,
      env: {
        CODI_MONITOR_SCAN_INTERVAL: '1d',
        // Within the time of quiet.
        CODI_MONITOR_COVERAGE_INTERVAL: '1s',
        CODI_MONITOR_IGNORE: STORM_IGNORE.join(','),
        ...this.#settings,
      },
    });
  }

  async #watch(): Promise<void> {
    const client = await this.#daemon!.client();
    for (const { path, recursive, patterns } of STORM_ROOTS)
      await client.request('StartMonitoring', {
        path: join(this.#base, path),
        recursive,
        patterns: [...patterns],
      });
    await client.close();
  }

  async #killDaemon(): Promise<void> {
    const hosts = this.#hostPids();
    await this.#daemon!.kill();
    this.#daemon = undefined;
    this.#kills.daemon += 1;
    await eventually('the end of its hosts', () => !hosts.some(isAlive), HOST_LIFE_AFTER_DAEMON_MS);
  }

  /** The last one that was started: with a recursive watcher, the one that has it. */
  #hostPid(): number | undefined {
    return this.#hostPids().at(-1);
  }

  #hostPids(): number[] {
    const { pid } = this.#daemon!;
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' '),
    );
    return children
      .filter((child) => child !== '' && commandOf(child).includes('watch-host'))
      .map(Number);
  }

  #signalHost(name: NodeJS.Signals): number | undefined {
    const pid = this.#hostPid();
    return pid !== undefined && sent(pid, name) ? pid : undefined;
  }

  #continueHost(): void {
    if (this.#stopped !== undefined) sent(this.#stopped, 'SIGCONT');
    this.#stopped = undefined;
  }

  /** Until everything is recorded, or nothing more comes and nothing is in doubt any more. */
  async #untilQuiet(recorded: RecordedTrees, verdict: StormVerdict): Promise<void> {
    const client = await this.#daemon!.client();
    const endMs = performance.now() + QUIET_LIMIT_MS;
    let [last, sinceMs] = [-1n, performance.now()];
    while (performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const now = recorded.lastSeq();
      const { watches } = await client.request('ListWatches', {});
      const { gaps } = await client.request('QueryGaps', { filter: { open: true }, limit: 1 });
      const isSettled = watches.every(({ state }) => state === 'watching') && gaps.length === 0;
      if (now !== last || !isSettled) {
        [last, sinceMs] = [now, performance.now()];
        continue;
      }
      const left = verdict.differences('index');
      if (left.length === 0) break;
      // What a sweep alone finds does not come by waiting; the rest does with the next audit.
      const isWaitOver = performance.now() - sinceMs > QUIET_MS;
      if (isWaitOver && left.every((found) => verdict.isForSweeps(found))) break;
    }
    await client.close();
  }

  async #sync(): Promise<void> {
    const client = await this.#daemon!.client({ requestTimeoutMs: 60_000 });
    await client.request('Sync', { timeout_ms: 60_000 });
    await client.close();
  }
}

function sent(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // it is gone
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
