import type { Behaviour } from './behaviour.ts';
import { contextOf } from './context-of.ts';
import { CellHost, unexpectedEnd } from './cell-host.ts';
import { CellRelations } from './cell-relations.ts';
import type { CellSite } from './cell-site.ts';
import {
  DEFAULT_SHUTDOWN_MS,
  DEFAULT_START_TIMEOUT_MS,
  type Isolation,
  type Shutdown,
} from './child-spec.ts';
import { Deadline } from './deadline.ts';
import type { HostExit } from './environment.ts';
import { isCleanExit, type ExitReason, type OperatorWord } from './exit-reason.ts';
import { meaningOfFinal, type FinalMeaning } from './final-output.ts';
import { machineClock } from './machine-clock.ts';
import { MachineRunner } from './machine-runner.ts';
import { releaseCell } from './release-cell.ts';
import type { Runtime } from './runtime.ts';
import { CellScope, type ScopeOwner } from './scope.ts';
import { spawnHost } from './spawn-host.ts';
import type { AnyStateMachine, MachineSnapshotView } from './statechart.ts';
import { TurnQueue, type Step } from './turn-queue.ts';
import { TurnWatch, type InHand } from './turn-watch.ts';

/** One incarnation of a worker child: a machine, its effects, and all it holds, from start to last cleanup. */
export class Cell implements ScopeOwner {
  readonly path: string;
  readonly epoch: number;
  readonly scope: CellScope;
  readonly relations: CellRelations;
  readonly #site: CellSite;
  readonly #runtime: Runtime;
  readonly #turns: TurnQueue;
  readonly #watch: TurnWatch;
  readonly #deadline: Deadline;
  #phase: 'starting' | 'ready' | 'ending' = 'starting';
  #runner: MachineRunner<unknown> | undefined;
  #host: CellHost | undefined;
  #isDraining = false;
  /** What its end is to be called, when that was asked for. */
  #endAs: ExitReason = { kind: 'shutdown' };
  #shownValue: unknown;

  constructor(site: CellSite, epoch: number) {
    this.#site = site;
    this.#runtime = site.runtime;
    this.path = site.path;
    this.epoch = epoch;
    this.scope = new CellScope(this, site.runtime);
    this.#deadline = new Deadline(site.runtime.environment.clock);
    this.#watch = new TurnWatch(site, epoch);
    const related = {
      enqueue: (task: () => void) => this.#turns.push(task),
      end: (reason: ExitReason) => this.end(reason),
    };
    this.relations = new CellRelations(related, site.relations, site.runtime);
    this.#turns = new TurnQueue(
      {
        owner: this,
        isOver: () => this.isEnding,
        take: (step, atMs) => this.#take(step, atMs),
        hasMessage: () => this.#runner !== undefined && site.mailbox.count > 0,
        takeMessage: (atMs) => this.#takeMessage(atMs),
        onTaken: (atMs, endMs, hasFailed) => this.#watch.taken(atMs, endMs, hasFailed),
        onTurn: (atMs) => this.#watch.begin(atMs),
        onTurnEnd: () => this.#watch.end(),
        onError: (error) => this.crash(error),
        onOverflow: () => this.end({ kind: 'mailboxOverflow' }),
      },
      site.runtime,
    );
  }

  get inHand(): InHand | undefined {
    return this.#watch.inHand;
  }

  get host(): CellHost | undefined {
    return this.#host;
  }

  get machine(): { machine: AnyStateMachine; snapshot: MachineSnapshotView } | undefined {
    const runner = this.#runner;
    return runner && { machine: runner.machine, snapshot: runner.snapshot };
  }

  enter(): () => void {
    return this.#watch.enter();
  }

  suspend(): void {
    this.#turns.suspend();
  }

  resume(): void {
    this.#turns.resume();
  }

  get isEnding(): boolean {
    return this.#phase === 'ending';
  }

  /** Spawns the host if there is one; the behaviour starts in a turn, when the host is ready. */
  begin(): void {
    const { isolation, startTimeoutMs = DEFAULT_START_TIMEOUT_MS } = this.#site.spec;
    this.#deadline.arm(startTimeoutMs, () =>
      this.end({ kind: 'startTimeout', afterMs: startTimeoutMs }),
    );
    if (!isolation || isolation.kind === 'inline') this.#turns.push(() => this.#start());
    else this.#spawn(isolation);
  }

  /** Something is in the mailbox. */
  wake(): void {
    if (this.#runner) this.#turns.schedule();
  }

  crash(error: unknown): void {
    this.end({ kind: this.#phase === 'ready' ? 'crash' : 'startFailed', error });
  }

  /** Asks the machine to end; kills when it takes longer than the spec allows. */
  shutdown(how: Shutdown = DEFAULT_SHUTDOWN_MS, endAs?: ExitReason): void {
    if (this.isEnding) return;
    this.#endAs = endAs ?? { kind: 'shutdown' };
    if (this.#isDraining) return;
    this.#site.cellWoken();
    if (how === 'kill') {
      if (endAs) this.end(endAs);
      else this.kill({ by: 'supervisor' });
    } else if (!this.#runner) {
      this.end(this.#endAs);
    } else {
      this.#isDraining = true;
      this.#deadline.disarm();
      if (how !== 'infinity') this.#deadline.arm(how, () => this.#overdue(how));
      this.#turns.push({ type: 'sys.shutdown' });
    }
  }

  raise(event: { type: string }): void {
    if (this.isEnding) this.#runtime.counters.fenced += 1;
    else if (this.#turns.isInTurn && this.#runner) this.#runner.send(event);
    else this.#turns.push(event);
  }

  status(): { state?: string; note?: string } {
    return this.#runner?.status() ?? {};
  }

  /** Ends it without asking; what is inline and in the middle of something goes on where nobody listens. */
  kill(word: { by: 'operator' | 'supervisor' } & OperatorWord): void {
    const isRunning = this.#turns.isInTurn || this.#runtime.current === this.#site.log;
    const isAtWork = isRunning || (this.#runner?.pendingEffects ?? 0) > 0;
    if (this.#host || !isAtWork || this.isEnding) {
      this.end({ kind: 'killed', ...word });
      return;
    }
    this.#reportUnstopped('killed in the middle of its work; abandoned');
    this.end({ kind: 'abandoned', ...word });
  }

  /** The one way out: fences at once, then gives back all it holds, then tells its slot. */
  end(reason: ExitReason, isIgnored = false): void {
    if (this.isEnding) return;
    if (!isCleanExit(reason) && !isIgnored) this.#site.cellFailing(reason);
    this.#phase = 'ending';
    this.#deadline.disarm();
    this.#turns.clear();
    this.scope.close();
    this.relations.close();
    this.#runner?.stop();
    void releaseCell(this.scope, this.#host, this.path, this.#runtime).then(() =>
      this.#site.cellEnded(reason, isIgnored),
    );
  }

  #spawn(isolation: Exclude<Isolation, { kind: 'inline' }>): void {
    try {
      const host = spawnHost(this.#runtime.environment, isolation, `${this.path}#${this.epoch}`);
      this.#host = new CellHost(host, this.scope, this.#runtime.environment.clock, {
        onReady: () => this.#turns.push(() => this.#start()),
        onStartFailed: (error) => this.end({ kind: 'startFailed', error }),
        onExit: (exit) => {
          this.#site.cellWoken();
          this.#turns.push(() => this.#hostGone(exit));
        },
        onCrash: (error) => this.crash(error),
        onSilent: (silentMs) => this.#cutOff({ kind: 'unresponsive', silentMs }),
      });
    } catch (error) {
      this.crash(error);
    }
  }

  #start(): void {
    const behaviour = this.#site.spec.start(contextOf(this, this.#site)) as Behaviour<unknown>;
    if (this.isEnding) return;
    const clock = machineClock(this.scope, (fire) =>
      this.#turns.push(() => this.#runner?.run(fire)),
    );
    this.#runner = new MachineRunner(behaviour, clock, {
      onOutside: () => this.#turns.push(() => this.#runner?.settle()),
      onCrash: (error) => this.crash(error),
    });
    this.#runner.start();
    if (!this.isEnding) this.#host?.flow();
  }

  #take(step: Step, atMs: number): void {
    if (typeof step === 'function') {
      this.#watch.task(atMs);
      step();
    } else {
      this.#watch.event(step.type, atMs);
      this.#runner?.send(step);
    }
    this.#observe();
  }

  #takeMessage(atMs: number): void {
    const { mailbox, spec } = this.#site;
    const message = mailbox.take();
    this.#runtime.counters.messages += 1;
    if (mailbox.hasWaiters) this.#site.mailboxDrained();
    this.#watch.message(message, mailbox.takenBytes, mailbox.takenAtMs, atMs);
    this.#runner?.receive(message);
    if (spec.poison) this.#site.messageHandled(message);
    this.#observe();
  }

  /** Draws the consequences of the machine's present state. */
  #observe(): void {
    if (!this.#runner || this.isEnding) return;
    const { snapshot } = this.#runner;
    if (snapshot.status === 'done') {
      this.#final(meaningOfFinal(snapshot.output));
      return;
    }
    if (snapshot.value !== this.#shownValue) {
      this.#shownValue = snapshot.value;
      this.#runtime.treeChanged(this.#site.slot);
    }
    if (this.#phase === 'starting' && !this.#isDraining && snapshot.hasTag('ready')) {
      this.#becomeReady();
    }
  }

  #becomeReady(): void {
    this.#deadline.disarm();
    this.#phase = 'ready';
    const { heartbeat } = this.#site.spec;
    if (heartbeat) this.#host?.watch(heartbeat);
    this.#site.cellReady();
  }

  #final(meaning: FinalMeaning): void {
    if (this.#isDraining) this.end(this.#endAs);
    else if (meaning.exit === 'failed') this.crash(meaning.error);
    else if (meaning.exit === 'shutdown') {
      if (this.#phase !== 'ready') this.#becomeReady();
      this.end({ kind: 'shutdown', cause: meaning.cause });
    } else if (this.#phase === 'ready') this.end({ kind: 'normal' });
    else if (meaning.exit === 'ignore') this.end({ kind: 'normal' }, true);
    else if (meaning.exit === 'normal') {
      this.#becomeReady();
      this.end({ kind: 'normal' });
    } else this.crash(new Error('its machine ended before it was ready'));
  }

  /** Queued behind what the behaviour raised when it heard of it, so that the machine may end by itself. */
  #hostGone(exit: HostExit): void {
    if (this.#isDraining && exit.code === 0) {
      this.end(this.#endAs);
      return;
    }
    this.crash(exit.error ?? unexpectedEnd(this.#host!, exit));
  }

  #overdue(afterMs: number): void {
    if (this.#host) this.#cutOff({ kind: 'killed', by: 'timeout' });
    else {
      this.#reportUnstopped(`did not end within ${afterMs} ms; abandoned`);
      this.#cutOff({ kind: 'abandoned', by: 'timeout', afterMs });
    }
  }

  /** An operator's restart stays one, however it had to be brought about. */
  #cutOff(reason: ExitReason): void {
    this.end(this.#endAs.kind === 'restarted' ? this.#endAs : reason);
  }

  #reportUnstopped(reason: string): void {
    this.#runtime.report({ kind: 'unstopped', path: this.path, reason });
  }
}
