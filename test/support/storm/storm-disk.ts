import {
  appendFileSync,
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import type { StormOp } from './storm-plan.ts';
import type { SystemCalls } from './system-calls.ts';

export type DiskOp = Exclude<
  StormOp,
  { do: 'pause' | 'stopHost' | 'contHost' | 'killHost' | 'killDaemon' | 'startDaemon' }
>;

/** Does the operations of a storm below a folder. */
export class StormDisk {
  readonly #base: string;
  readonly #calls: SystemCalls | undefined;
  #writes = 0;
  /** Inodes written to through a mapping. */
  readonly mapped = new Set<bigint>();

  constructor(base: string, calls: SystemCalls | undefined) {
    this.#base = base;
    this.#calls = calls;
  }

  at(path: string): Buffer {
    return Buffer.from(`${this.#base}/${path}`, 'latin1');
  }

  perform(op: DiskOp): void {
    const path = this.at(op.path);
    switch (op.do) {
      case 'write':
        writeFileSync(path, this.#content(op.size));
        break;
      case 'append':
        appendFileSync(path, this.#content(op.size));
        break;
      case 'truncate':
        truncateSync(path, op.size);
        break;
      case 'forge':
        this.#forge(path);
        break;
      case 'writeMapped':
        this.#writeMapped(path);
        break;
      case 'mkdir':
        mkdirSync(path);
        break;
      case 'mkfifo':
        if (this.#calls) this.#calls.makeFifo(path);
        else symlinkSync('no-fifo', path);
        break;
      case 'remove':
        if (lstatSync(path).isDirectory()) rmSync(path, { recursive: true });
        else unlinkSync(path);
        break;
      case 'rename':
        renameSync(this.at(op.from), path);
        break;
      case 'link':
        linkSync(this.at(op.from), path);
        break;
      case 'exchange':
        this.#swap(this.at(op.from), path);
        break;
      case 'symlink':
        symlinkSync(Buffer.from(op.target, 'latin1'), path);
        break;
      case 'chmod':
        chmodSync(path, op.mode);
        break;
      case 'flood':
        for (let file = 0; file < op.count; file++)
          writeFileSync(Buffer.concat([path, Buffer.from(`/f${file}`)]), 'x');
    }
  }

  #writeMapped(path: Buffer): void {
    const { ino, size } = statSync(path, { bigint: true });
    if (size === 0n || !this.#calls) return;
    this.#writes += 1;
    this.#calls.writeMapped(path, this.#writes % 256);
    this.mapped.add(ino);
  }

  #swap(one: Buffer, other: Buffer): void {
    if (this.#calls) {
      this.#calls.exchange(one, other);
      return;
    }
    const aside = this.at('aside');
    renameSync(one, aside);
    renameSync(other, one);
    renameSync(aside, other);
  }

  #forge(path: Buffer): void {
    const before = statSync(path, { bigint: true });
    const content = readFileSync(path);
    for (let index = 0; index < content.length; index++) content[index] = content[index]! ^ 1;
    writeFileSync(path, content);
    if (this.#calls) this.#calls.setModified(path, before.mtimeNs);
    else utimesSync(path, Number(before.atimeMs) / 1_000, Number(before.mtimeMs) / 1_000);
  }

  #content(size: number): Buffer {
    this.#writes += 1;
    return Buffer.alloc(size, `${this.#writes} `);
  }
}
