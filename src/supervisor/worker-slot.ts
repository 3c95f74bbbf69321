import { ActorLog } from './actor-log.ts';
import type { ActorRef, SendResult } from './cell-context.ts';
import { Cell } from './cell.ts';
import type { CellSite } from './cell-site.ts';
import { DEFAULT_MAILBOX, type ActorSpec } from './child-spec.ts';
import { reportCrash } from './describe-crash.ts';
import type { ExitReason, OperatorWord } from './exit-reason.ts';
import { markBytes } from './in-flight.ts';
import { Mailbox } from './mailbox.ts';
import { messageType } from './message-type.ts';
import { PoisonWatch } from './poison.ts';
import type { Recipient } from './registry.ts';
import type { Down } from './relations.ts';
import type { Runtime } from './runtime.ts';
import { Slot, type Parent } from './slot.ts';
import { stateWord } from './statechart.ts';
import { Suspension } from './suspension.ts';
import type { TreeNode } from './tree-node.ts';
import { treeNodeOf } from './tree-snapshot.ts';

/** Time between two reports of the same actor being unresponsive. */
const SLOW_REPORT_MS = 10_000;

/** The place of a worker: owns the mailbox and the name, so that both outlive its incarnations. */
export class WorkerSlot extends Slot implements Recipient, CellSite {
  override spec: ActorSpec;
  readonly mailbox: Mailbox;
  readonly log = new ActorLog();
  readonly mark: Uint8Array;
  readonly suspension: Suspension;
  readonly ref: ActorRef<unknown>;
  readonly #name: string;
  #cell: Cell | undefined;
  /** Somebody reads the mailbox, or will. */
  #isOpen = true;
  #poison: PoisonWatch | undefined;
  #slowReportMs = -Infinity;

  /** Throws when the name is taken. */
  constructor(spec: ActorSpec, path: string, parent: Parent, runtime: Runtime) {
    super(spec, path, parent, runtime);
    this.spec = spec;
    this.mailbox = new Mailbox(spec.mailbox ?? DEFAULT_MAILBOX);
    this.mailbox.onLost = (message, bytes) =>
      runtime.mailboxDropped(this.path, this.mailbox.spec.overflow, message, bytes);
    this.#name = spec.name ?? path;
    this.mark = markBytes(path);
    this.suspension = new Suspension(path, runtime, () => {
      this.#cell?.resume();
      this.runtime.treeChanged(this);
    });
    if (!runtime.registry.register(this.#name, this)) {
      throw new Error(`the name '${this.#name}' is taken`);
    }
    this.ref = runtime.registry.ref(this.#name);
  }

  get slot(): Slot {
    return this;
  }

  get name(): string {
    return this.#name;
  }

  get cell(): Cell | undefined {
    return this.#cell;
  }

  override get traced(): this {
    return this;
  }

  stateWord(): string {
    const machine = this.#cell?.machine;
    return machine ? stateWord(machine.snapshot.value) : this.phase;
  }

  deliver(message: unknown, bytes: number): SendResult {
    const { mailbox, runtime } = this;
    const result = this.#isOpen ? this.#offer(message, bytes) : 'noproc';
    const sender = runtime.current;
    if (sender) {
      sender.messagesOut += 1;
      sender.sink?.sent(this.path, messageType(message), result);
    }
    if (result === 'noproc') runtime.deadLetter(this.path, 'stopped', message, bytes);
    else if (result === 'overflow') this.#overflow(message, bytes);
    else if (result === 'queued') this.#cell?.wake();
    else if (mailbox.spec.overflow !== 'block') {
      runtime.mailboxDropped(this.path, mailbox.spec.overflow, message, bytes);
    }
    return result === 'overflow' ? 'dropped' : result;
  }

  whenSpace(listener: () => void): void {
    this.mailbox.addWaiter(listener);
    if (this.mailbox.hasSpace || !this.#isOpen) this.mailboxDrained();
  }

  /** From the cell that took a message. */
  mailboxDrained(): void {
    const { clock } = this.runtime.environment;
    for (const listener of this.mailbox.takeWaiters()) clock.setImmediate(listener);
  }

  cellReady(): void {
    this.ready();
  }

  cellFailing(reason: ExitReason): void {
    const { inHand } = this.#cell ?? {};
    this.lastMessage = inHand?.type;
    reportCrash(this, reason);
    const isItsDoing = reason.kind === 'crash' || reason.kind === 'startFailed';
    if (!inHand || !isItsDoing || !this.spec.poison) return;
    this.#poison ??= new PoisonWatch(this.spec.poison);
    const { message, type, bytes, atMs } = inHand;
    if (this.#poison.blame(message) === 'again') {
      this.mailbox.putBack(message, bytes, atMs);
      return;
    }
    this.runtime.deadLetter(this.path, 'poison', message, bytes);
    this.runtime.report({ kind: 'quarantined', path: this.path, message: type });
  }

  messageHandled(message: unknown): void {
    this.#poison?.acquit(message);
  }

  cellSlow(type: string | undefined, tookMs: number): void {
    const { clock } = this.runtime.environment;
    this.log.unresponsive += 1;
    this.log.lastBlock = { at: clock.nowMs(), tookMs, message: type ?? '' };
    this.runtime.treeChanged(this);
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#slowReportMs < SLOW_REPORT_MS) return;
    this.#slowReportMs = nowMs;
    const { path, epoch } = this;
    this.runtime.report({ kind: 'unresponsive', path, epoch, message: type ?? '', tookMs });
  }

  cellWoken(): void {
    this.suspension.end('system');
  }

  override exitSignal(down: Down): void {
    this.#cell?.relations.exitSignal(down);
  }

  suspend(ttlMs: number): boolean {
    if (!this.#cell || this.phase !== 'running' || this.#cell.isEnding) return false;
    this.suspension.begin(ttlMs);
    this.#cell.suspend();
    this.runtime.treeChanged(this);
    return true;
  }

  cellEnded(reason: ExitReason, isIgnored: boolean): void {
    this.#cell = undefined;
    this.suspension.end('ended');
    this.ended(reason, isIgnored);
  }

  override kill(word: OperatorWord): void {
    this.#cell?.kill({ by: 'operator', ...word });
  }

  protected override requestRestart(reason: ExitReason): void {
    this.#cell?.shutdown(this.spec.shutdown, reason);
  }

  override retire(): void {
    this.#isOpen = false;
    while (this.mailbox.count > 0) {
      const message = this.mailbox.take();
      this.runtime.deadLetter(this.path, 'stopped', message, this.mailbox.takenBytes);
    }
    this.mailbox.clear();
    this.mailboxDrained();
  }

  override remove(): void {
    super.remove();
    this.runtime.registry.unregister(this.#name, this);
  }

  override toTreeNode(): TreeNode {
    const { count, bytes, highWater, dropped } = this.mailbox;
    const cell = this.#cell;
    const isSuspended = this.suspension.isOn;
    const shown = cell && this.phase === 'running' ? statusOf(cell, isSuspended) : undefined;
    return {
      ...treeNodeOf(this),
      ...shown,
      isolation: cell?.host?.tag ?? 'inline',
      mailbox: { count, bytes, highWater, dropped },
      ...(this.log.lastBlock ? { lastBlock: this.log.lastBlock } : {}),
    };
  }

  protected override launch(): void {
    this.#isOpen = true;
    const cell = new Cell(this, this.epoch);
    this.#cell = cell;
    try {
      cell.begin();
    } catch (error) {
      cell.crash(error);
    }
  }

  protected override requestStop(): void {
    this.#cell?.shutdown(this.spec.shutdown);
  }

  protected override requestAbort(): void {
    this.#cell?.kill({ by: 'supervisor' });
  }

  #offer(message: unknown, bytes: number): SendResult | 'overflow' {
    return this.mailbox.offer(message, bytes, this.runtime.environment.clock.monotonicMs());
  }

  /** OTP knows no such limit; like a process over its heap limit, the actor dies and its queue with it. */
  #overflow(message: unknown, bytes: number): void {
    const { mailbox, runtime, path } = this;
    while (mailbox.count > 0) {
      const lost = mailbox.take();
      mailbox.dropped += 1;
      runtime.mailboxDropped(path, 'crash', lost, mailbox.takenBytes);
    }
    mailbox.clear();
    runtime.mailboxDropped(path, 'crash', message, bytes);
    this.#cell?.end({ kind: 'mailboxOverflow' });
  }
}

function statusOf(cell: Cell, isSuspended: boolean): { state?: string; note?: string } {
  if (cell.isEnding) return { state: 'stopping' };
  return isSuspended ? { ...cell.status(), state: 'suspended' } : cell.status();
}
