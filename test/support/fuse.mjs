// The wire of FUSE (linux/fuse.h) as far as the programs that stand for a bad file system need it.
import { spawnSync } from 'node:child_process';
import { openSync, writeSync } from 'node:fs';

export const OPCODE = {
  FORGET: 2,
  GETATTR: 3,
  OPEN: 14,
  READ: 15,
  RELEASE: 18,
  FLUSH: 25,
  INIT: 26,
  OPENDIR: 27,
  READDIR: 28,
};
export const ENOSYS = 38;
export const ASYNC_READ = 1 << 0;
export const ASYNC_DIO = 1 << 15;
/** Room for the longest request. */
export const REQUEST_BYTES = (1 << 17) + 4_096;

/** Mounts a file system of this process; the file its requests come from. Ends the process where that is refused. */
export function mountFuse(name, at, options) {
  const fuse = openSync('/dev/fuse', 'r+');
  const all = `fd=3,user_id=0,group_id=0,${options}`;
  const { status } = spawnSync('mount', ['-i', '-t', 'fuse', '-o', all, name, at], {
    stdio: ['ignore', 'ignore', 'inherit', fuse],
  });
  if (status !== 0) process.exit(1);
  return fuse;
}

export const requestOf = (request) => ({
  opcode: request.readUInt32LE(4),
  unique: request.readBigUInt64LE(8),
  /** Of READ and READDIR. */
  offset: request.length >= 56 ? Number(request.readBigUInt64LE(48)) : 0,
});

export function reply(fuse, unique, body, error = 0) {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeInt32LE(-error, 4);
  header.writeBigUInt64LE(unique, 8);
  writeSync(fuse, Buffer.concat([header, body]));
}

/** Version 7.31; with limits of its own where `queued` requests may be under way. */
export function initOut({ flags = 0, queued = 0 } = {}) {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(1 << 20, 8);
  out.writeUInt32LE(flags, 12);
  out.writeUInt16LE(queued, 16);
  out.writeUInt16LE(Math.floor(queued * 0.75), 18);
  out.writeUInt32LE(1 << 17, 20);
  return out;
}

/** Of the only thing there is, for an hour. */
export function attributesOut({ mode, links, size = 0 }) {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(3_600n, 0);
  out.writeBigUInt64LE(1n, 16);
  out.writeBigUInt64LE(BigInt(size), 24);
  out.writeBigUInt64LE(BigInt(Math.floor(size / 512)), 32);
  out.writeUInt32LE(mode, 76);
  out.writeUInt32LE(links, 80);
  out.writeUInt32LE(4_096, 96);
  return out;
}
