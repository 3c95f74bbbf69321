import type { ActorRef, SendResult } from './cell-context.ts';
import { Cell, type CellSite } from './cell.ts';
import { DEFAULT_MAILBOX, type ActorSpec } from './child-spec.ts';
import type { ExitReason } from './exit-reason.ts';
import { Mailbox } from './mailbox.ts';
import type { Recipient } from './registry.ts';
import type { Runtime } from './runtime.ts';
import { Slot, type Parent } from './slot.ts';
import type { TreeNode } from './tree-node.ts';
import { treeNodeOf } from './tree-snapshot.ts';

/** The place of a worker: owns the mailbox and the name, so that both outlive its incarnations. */
export class WorkerSlot extends Slot implements Recipient, CellSite {
  override readonly spec: ActorSpec;
  readonly mailbox: Mailbox;
  readonly ref: ActorRef<unknown>;
  readonly #name: string;
  #cell: Cell | undefined;
  /** Somebody reads the mailbox, or will. */
  #isOpen = true;

  /** Throws when the name is taken. */
  constructor(spec: ActorSpec, path: string, parent: Parent, runtime: Runtime) {
    super(spec, path, parent, runtime);
    this.spec = spec;
    this.mailbox = new Mailbox(spec.mailbox ?? DEFAULT_MAILBOX);
    this.#name = spec.name ?? path;
    if (!runtime.registry.register(this.#name, this)) {
      throw new Error(`the name '${this.#name}' is taken`);
    }
    this.ref = runtime.registry.ref(this.#name);
  }

  deliver(message: unknown, bytes: number): SendResult {
    if (!this.#isOpen) {
      this.runtime.deadLetters(this.path, 1);
      return 'noproc';
    }
    const { mailbox } = this;
    const droppedBefore = mailbox.dropped;
    const offer = mailbox.offer(message, bytes);
    const dropped = mailbox.dropped - droppedBefore;
    if (dropped > 0) this.runtime.mailboxDropped(this.path, mailbox.spec.overflow, dropped);
    if (offer === 'overflow') this.#overflow();
    else if (offer === 'queued') this.#cell?.wake();
    return offer === 'queued' ? 'queued' : 'dropped';
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

  cellEnded(reason: ExitReason, isIgnored: boolean): void {
    this.#cell = undefined;
    this.ended(reason, isIgnored);
  }

  override kill(): void {
    this.#cell?.end({ kind: 'killed', by: 'operator' });
  }

  override retire(): void {
    this.#isOpen = false;
    this.runtime.deadLetters(this.path, this.mailbox.clear());
    this.mailboxDrained();
  }

  override remove(): void {
    super.remove();
    this.runtime.registry.unregister(this.#name, this);
  }

  override toTreeNode(): TreeNode {
    const { count, bytes, highWater, dropped } = this.mailbox;
    const cell = this.#cell;
    const shown = cell && this.phase === 'running' ? statusOf(cell) : undefined;
    return {
      ...treeNodeOf(this),
      ...shown,
      isolation: cell?.hostTag ?? 'inline',
      mailbox: { count, bytes, highWater, dropped },
    };
  }

  protected override launch(): void {
    this.#isOpen = true;
    this.#cell = new Cell(this, this.epoch);
    this.#cell.begin();
  }

  protected override requestStop(): void {
    this.#cell?.shutdown(this.spec.shutdown);
  }

  protected override requestAbort(): void {
    this.#cell?.end({ kind: 'killed', by: 'supervisor' });
  }

  /** OTP knows no such limit; like a process over its heap limit, the actor dies and its queue with it. */
  #overflow(): void {
    const lost = this.mailbox.clear();
    this.mailbox.dropped += lost;
    if (lost > 0) this.runtime.mailboxDropped(this.path, 'crash', lost);
    this.#cell?.end({ kind: 'mailboxOverflow' });
  }
}

function statusOf(cell: Cell): { state?: string; note?: string } {
  return cell.isEnding ? { state: 'stopping' } : cell.status();
}
