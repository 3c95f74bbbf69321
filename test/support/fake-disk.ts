import type { BytePath } from '#codi/protocol/byte-path.js';
import type { FileKind } from '#codi/protocol/file-event.js';
import type { HintType } from '#codi/workers/watch-host/hint-traces.js';
import type { Disk, EntryStat, NoEntry } from '#codi/workers/watch-host/disk.js';

export interface FakeInode {
  kind: FileKind;
  ino: bigint;
  birthtimeNs: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  size: number;
  mode: number;
  nlink: number;
  children: Map<string, FakeInode> | undefined;
  isReadable: boolean;
  text: string;
}

const DEVICE = 7n;

/** A file system in memory that reuses inode numbers at once, as ext4 does, and tells what happens to directories. */
export class FakeDisk implements Disk {
  readonly top: FakeInode;
  /** As inotify tells it: the directory, the name in it, or null for the directory itself. */
  onChange: (directory: FakeInode, name: string | null, type?: HintType) => void = () => {};
  hasBirthTimes = true;
  #nowNs = 1_000n;
  #nextIno = 10n;
  readonly #freeInos: bigint[] = [];

  constructor() {
    this.top = this.#inode('dir');
  }

  /** Its clock, that of births and changes, goes on from here. */
  goOnFrom(nowMs: number): void {
    this.#nowNs = BigInt(Math.round(nowMs)) * 1_000_000n;
  }

  lstat(path: BytePath): EntryStat | NoEntry {
    const inode = this.find(path);
    if (!inode) return 'missing';
    const { kind, ino, size, mtimeNs, ctimeNs, mode, nlink } = inode;
    const birthtimeNs = this.hasBirthTimes ? inode.birthtimeNs : 0n;
    return { kind, birthtimeNs, dev: DEVICE, ino, size, mtimeNs, ctimeNs, mode, nlink };
  }

  readNames(directory: BytePath): string[] | NoEntry {
    const inode = this.find(directory);
    if (!inode?.children) return 'missing';
    return inode.isReadable ? [...inode.children.keys()] : 'unreadable';
  }

  readFile(path: BytePath, limitBytes: number): Buffer | 'tooLarge' | NoEntry {
    const inode = this.find(path);
    if (inode?.kind !== 'file') return 'missing';
    if (!inode.isReadable) return 'unreadable';
    const content = Buffer.from(inode.text);
    return content.length > limitBytes ? 'tooLarge' : content;
  }

  filesystemType(): number {
    return 0xef53;
  }

  find(path: string): FakeInode | undefined {
    let inode: FakeInode | undefined = this.top;
    for (const name of path.split('/')) if (name !== '') inode = inode?.children?.get(name);
    return inode;
  }

  /** False when the system would refuse. */
  create(path: string, kind: FileKind = 'file'): boolean {
    const place = this.#place(path);
    if (!place || place.directory.children!.has(place.name)) return false;
    place.directory.children!.set(place.name, this.#inode(kind));
    this.#touched(place.directory, place.name);
    return true;
  }

  write(path: string): boolean {
    const place = this.#place(path);
    const inode = this.find(path);
    if (inode?.kind !== 'file') return this.create(path) && this.write(path);
    inode.size += 1;
    inode.mtimeNs = inode.ctimeNs = this.#tick();
    this.onChange(place!.directory, place!.name, 'change');
    return true;
  }

  /** Gives a file this content, making it where there is none. */
  writeText(path: string, text: string): boolean {
    const isWritten = this.write(path);
    if (isWritten) this.find(path)!.text = text;
    return isWritten;
  }

  chmod(path: string): boolean {
    const place = this.#place(path);
    const inode = this.find(path);
    if (!inode || !place) return false;
    inode.mode ^= 0o100;
    inode.ctimeNs = this.#tick();
    this.onChange(place.directory, place.name, 'change');
    return true;
  }

  link(from: string, to: string): boolean {
    const inode = this.find(from);
    const place = this.#place(to);
    if (inode?.kind !== 'file' || !place || place.directory.children!.has(place.name)) return false;
    inode.nlink += 1;
    inode.ctimeNs = this.#tick();
    place.directory.children!.set(place.name, inode);
    this.#touched(place.directory, place.name);
    return true;
  }

  /** rename(2): replaces a file by a file, an empty directory by a directory. */
  rename(from: string, to: string): boolean {
    const source = this.#place(from);
    const target = this.#place(to);
    const inode = this.find(from);
    if (!source || !target || !inode || `${to}/`.startsWith(`${from}/`)) return false;
    const old = target.directory.children!.get(target.name);
    if (old === inode || (old && (old.kind === 'dir') !== (inode.kind === 'dir'))) return false;
    if (old?.children && old.children.size > 0) return false;
    source.directory.children!.delete(source.name);
    target.directory.children!.set(target.name, inode);
    inode.ctimeNs = this.#tick();
    this.#touched(source.directory, source.name);
    this.#touched(target.directory, target.name);
    if (inode.children) this.onChange(inode, null);
    if (old) this.#unlinked(old);
    return true;
  }

  /** rm -r */
  remove(path: string): boolean {
    const place = this.#place(path);
    const inode = this.find(path);
    if (!inode || !place) return false;
    for (const name of [...(inode.children?.keys() ?? [])]) this.remove(`${path}/${name}`);
    place.directory.children!.delete(place.name);
    this.#touched(place.directory, place.name);
    this.#unlinked(inode);
    return true;
  }

  #place(path: string): { directory: FakeInode; name: string } | undefined {
    const slash = path.lastIndexOf('/');
    const directory = this.find(path.slice(0, slash));
    const name = path.slice(slash + 1);
    return directory?.children && name !== '' ? { directory, name } : undefined;
  }

  #touched(directory: FakeInode, name: string): void {
    directory.mtimeNs = directory.ctimeNs = this.#tick();
    this.onChange(directory, name, 'rename');
  }

  #unlinked(inode: FakeInode): void {
    inode.nlink -= 1;
    inode.ctimeNs = this.#tick();
    if (inode.nlink > 0) return;
    this.#freeInos.push(inode.ino);
    if (inode.children) this.onChange(inode, null);
  }

  #inode(kind: FileKind): FakeInode {
    const nowNs = this.#tick();
    return {
      kind,
      ino: this.#freeInos.pop() ?? this.#nextIno++,
      ...{ birthtimeNs: nowNs, mtimeNs: nowNs, ctimeNs: nowNs },
      size: 0,
      mode: 0o600,
      nlink: 1,
      children: kind === 'dir' ? new Map<string, FakeInode>() : undefined,
      isReadable: true,
      text: '',
    };
  }

  #tick(): bigint {
    return (this.#nowNs += 1n);
  }
}
