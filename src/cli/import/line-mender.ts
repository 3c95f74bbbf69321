import { beginningAt, braceBeforeQuote, JsonMachine, skipSpace } from './json-machine.ts';
import { parseObject } from './parse-object.ts';
import { unreadable } from './read-event.ts';
import type { JsonObject, ReadEvent } from './read-event.ts';
import { TornHeads } from './torn-heads.ts';
import type { TornHead } from './torn-heads.ts';

/** What a piece of a torn object turned out to do for one head. */
interface Attempt {
  readonly head: TornHead;
  readonly machine: JsonMachine;
  readonly outcome: 'complete' | 'extends';
  /** Where the piece ends. */
  readonly end: number;
  /** A whole record that stands behind the piece, and where that ends. */
  readonly inner?: { value: JsonObject; end: number };
}

const OPEN_OBJECT = 0x7b;
const NUL = 0;
/** What arrays of records have between them. */
const SEPARATORS = new Set([0x5b, 0x5d, 0x2c, 0x20, 0x09, 0x0d]);

/**
 * Finds the objects in a line that is not simply one. Appenders that race each other leave several objects on one
 * line, or one inside another: the inner one is cut out and the halves are joined, also across lines. A record is
 * given out at its last byte and depends on nothing behind it, so what was read of a file stays as it was when the
 * file grows. What fits more than one torn object is joined to none.
 */
export class LineMender {
  readonly #isRecord: (value: JsonObject) => boolean;
  readonly #heads = new TornHeads((event) => this.#events.push(event));
  #events: ReadEvent[] = [];
  #line: Uint8Array = new Uint8Array();
  #number = 0;
  /** The line ends where its bytes do; the last line of a file may still grow. */
  #isWhole = true;
  #at = 0;
  /** What comes next follows a line end or a whole object, not damaged text. */
  #isClean = true;
  #isMended = false;
  #garbageStart = -1;

  /** `isRecord`: whether an object has the fields of a record, wherever it is found. */
  constructor(isRecord: (value: JsonObject) => boolean) {
    this.#isRecord = isRecord;
  }

  /** True while a torn object waits for its rest. */
  get isWaiting(): boolean {
    return !this.#heads.isEmpty;
  }

  /** Call for every line, before it is read in whatever way. */
  reachLine(number: number): void {
    if (this.isWaiting) this.#heads.reachLine(number);
  }

  read(line: Uint8Array, number: number, isWhole: boolean): void {
    this.#line = line;
    this.#number = number;
    this.#isWhole = isWhole;
    this.#at = 0;
    this.#isClean = true;
    this.#isMended = false;
    while (this.#at < line.length) this.#step();
    this.#endGarbage(line.length);
  }

  /** The file has ended. */
  end(): void {
    this.#heads.giveUpAll();
  }

  takeEvents(): ReadEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #step(): void {
    const line = this.#line;
    const start = skipSpace(line, this.#at, line.length);
    const beginning = beginningAt(line, start, line.length, this.#isWhole);
    const isBeforeNothing = start === line.length || beginning !== 'none';
    if (start > this.#at && isBeforeNothing) this.#leaveTexts();
    if (beginning === 'object') return this.#object(start);
    if (beginning === 'torn' && this.#isClean) return this.#tornEarly(start);
    if (start === line.length) this.#at = start;
    else this.#piece();
  }

  /** Spaces before an object, or alone, may belong to a torn text or to nothing. */
  #leaveTexts(): void {
    for (const head of this.#heads.all()) {
      if (head.machine.isInText) this.#heads.giveUp(head, 'ambiguous');
    }
  }

  #object(start: number): void {
    this.#endGarbage(start);
    const line = this.#line;
    const machine = new JsonMachine();
    const run = machine.run(line, start, line.length);
    if (run.outcome === 'complete') return this.#wholeObject(start, run.at);
    const tear = this.#findTear(machine, start, run.at, run.outcome === 'open');
    if (tear === undefined && run.outcome === 'violation' && !this.#fitsAHead(run.at)) {
      this.#garbageStart = start;
      this.#at = run.at;
      this.#isClean = false;
      return;
    }
    const end = tear?.start ?? run.at;
    this.#heads.add({
      pieces: [Buffer.from(line.subarray(start, end))],
      machine: this.#runTo(new JsonMachine(), start, end),
      line: this.#number,
      lastLine: this.#number,
    });
    this.#leaveTear(end, tear?.inner);
  }

  /** A brace and not even a key: the start of an object, unless it may as well be text of a torn one. */
  #tornEarly(start: number): void {
    const attempts = this.#attempts();
    if (attempts.length > 0) return this.#giveUp(attempts);
    this.#endGarbage(start);
    const line = this.#line;
    const next = line.indexOf(OPEN_OBJECT, start + 1);
    const end = next === -1 ? line.length : next;
    this.#heads.add({
      pieces: [Buffer.from(line.subarray(start, end))],
      machine: this.#runTo(new JsonMachine(), start, end),
      line: this.#number,
      lastLine: this.#number,
    });
    this.#leaveTear(end, undefined);
  }

  #wholeObject(start: number, end: number): void {
    const bytes = this.#line.subarray(start, end);
    const value = parseObject(bytes);
    const isRecord = value !== undefined && this.#isRecord(value);
    if (value && (isRecord || (this.#isClean && this.#heads.isEmpty))) {
      this.#emit(value, bytes, this.#number);
      this.#at = end;
      return;
    }
    // A value of a torn object, perhaps.
    if (!this.#heads.isEmpty) return this.#piece();
    this.#events.push(unreadable('fragment', bytes, this.#number));
    this.#at = end;
  }

  /** Text that begins no object: the rest of a torn one, or nothing that can be read. */
  #piece(): void {
    const attempts = this.#attempts();
    const [first] = attempts;
    if (first === undefined) return this.#garbage();
    this.#endGarbage(this.#at);
    if (attempts.length > 1) return this.#giveUp(attempts);
    const { head, end } = first;
    head.pieces.push(Buffer.from(this.#line.subarray(this.#at, end)));
    head.lastLine = this.#number;
    head.machine = first.machine;
    if (first.outcome === 'extends') return this.#leaveTear(end, first.inner);
    this.#heads.remove(head);
    this.#joined(head);
    this.#at = end;
  }

  /** What the bytes from here on are to the torn objects that they can belong to. */
  #attempts(): Attempt[] {
    const attempts = this.#heads.all().map((head) => this.#attempt(head));
    return attempts.filter((attempt) => attempt !== undefined);
  }

  #attempt(head: TornHead): Attempt | undefined {
    const line = this.#line;
    const start = this.#at;
    const machine = head.machine.clone();
    const { outcome, at } = machine.run(line, start, line.length);
    if (outcome === 'complete') return { head, machine, outcome, end: at };
    const tear = this.#findTear(machine, start, at, outcome === 'open');
    const end = tear?.start ?? (outcome === 'open' ? at : start);
    if (end === start) return undefined;
    const { inner } = tear ?? {};
    const reached = this.#runTo(head.machine.clone(), start, end);
    return { head, machine: reached, outcome: 'extends', end, ...(inner && { inner }) };
  }

  /** One of them went on here, and there is no telling which. */
  #giveUp(attempts: readonly Attempt[]): void {
    const end = Math.min(...attempts.map((attempt) => attempt.end));
    for (const { head } of attempts) this.#heads.giveUp(head, 'ambiguous');
    this.#events.push(unreadable('ambiguous', this.#line.subarray(this.#at, end), this.#number));
    this.#at = end;
    this.#isClean = false;
  }

  #joined(head: TornHead): void {
    const bytes = Buffer.concat(head.pieces);
    const value = parseObject(bytes);
    this.#isMended = true;
    if (value && this.#isRecord(value)) this.#emit(value, bytes, head.line);
    else this.#events.push(unreadable('fragment', bytes, head.line, this.#number));
  }

  /**
   * Where another object begins inside the text up to `end`, at which that stopped being one object. `inner`: it was
   * taken for a value and is whole. `atEnd`: nothing is wrong but that the line ends.
   */
  #findTear(
    machine: JsonMachine,
    start: number,
    end: number,
    atEnd: boolean,
  ): { start: number; inner?: { value: JsonObject; end: number } } | undefined {
    const inner = this.#innerRecord(machine, start, end, atEnd);
    if (inner) return inner;
    if (atEnd) return undefined;
    const line = this.#line;
    if (this.#begins(end)) return { start: end };
    const brace = braceBeforeQuote(line, start, end);
    return brace > start && this.#begins(brace) ? { start: brace } : undefined;
  }

  /** The record that ends directly before `end` and stands where a value could. */
  #innerRecord(machine: JsonMachine, start: number, end: number, atEnd: boolean) {
    if (atEnd && !this.#isWhole) return undefined;
    const innerStart = machine.lastClosedStart;
    if (innerStart <= start) return undefined;
    let innerEnd = end;
    while (skipSpace(this.#line, innerEnd - 1, innerEnd) === innerEnd) innerEnd--;
    const value = parseObject(this.#line.subarray(innerStart, innerEnd));
    if (!value || !this.#isRecord(value)) return undefined;
    return { start: innerStart, inner: { value, end: innerEnd } };
  }

  #begins(at: number): boolean {
    const beginning = beginningAt(this.#line, at, this.#line.length, this.#isWhole);
    return beginning === 'object' || beginning === 'torn';
  }

  #leaveTear(end: number, inner: { value: JsonObject; end: number } | undefined): void {
    this.#isMended = true;
    if (inner) this.#emit(inner.value, this.#line.subarray(end, inner.end), this.#number);
    this.#at = inner?.end ?? end;
    this.#isClean = inner === undefined && this.#begins(end);
  }

  #fitsAHead(at: number): boolean {
    const { length } = this.#line;
    return this.#heads
      .all()
      .some((head) => head.machine.clone().run(this.#line, at, length).at > at);
  }

  #garbage(): void {
    const line = this.#line;
    if (this.#garbageStart === -1) this.#garbageStart = this.#at;
    const next = line.indexOf(OPEN_OBJECT, this.#at + 1);
    this.#at = next === -1 ? line.length : next;
    this.#isClean = false;
  }

  /** Reports the text that was passed over, up to `end`. */
  #endGarbage(end: number): void {
    const start = this.#garbageStart;
    this.#garbageStart = -1;
    if (start === -1) return;
    const bytes = this.#line.subarray(start, end);
    if (bytes.every((byte) => SEPARATORS.has(byte) || byte === NUL)) return;
    this.#events.push(unreadable('not-json', bytes, this.#number));
  }

  #emit(value: JsonObject, bytes: Uint8Array, line: number): void {
    const isMended = this.#isMended || !this.#isClean;
    this.#events.push({ kind: 'record', value, bytes: Buffer.from(bytes), line, isMended });
    this.#isClean = true;
  }

  #runTo(machine: JsonMachine, start: number, end: number): JsonMachine {
    machine.run(this.#line, start, end);
    return machine;
  }
}
