// A directory (FUSE, read only) with a hundred names in it that can be listed once; whoever asks for anything afterwards
// waits for ever. Ends with the process that started it.
//   node stuck-mount.mjs <where it is mounted>
import { spawnSync } from 'node:child_process';
import { openSync, readSync, writeFileSync, writeSync } from 'node:fs';

const [at, readyFile] = process.argv.slice(2);
const fuse = openSync('/dev/fuse', 'r+');
const options = 'ro,fd=3,rootmode=40755,user_id=0,group_id=0';
const { status } = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'stuck', at], {
  stdio: ['ignore', 'ignore', 'inherit', fuse],
});
if (status !== 0) process.exit(1);
writeFileSync(readyFile, '');

// linux/fuse.h
const OPCODE = { GETATTR: 3, INIT: 26, OPENDIR: 27, READDIR: 28 };
const ENOSYS = 38;
const DIRECTORY = 0o40755;

function reply(unique, body, error = 0) {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(16 + body.length, 0);
  header.writeInt32LE(-error, 4);
  header.writeBigUInt64LE(unique, 8);
  writeSync(fuse, Buffer.concat([header, body]));
}

function initOut() {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(1 << 17, 20);
  return out;
}

function attributesOut() {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(3_600n, 0);
  out.writeBigUInt64LE(1n, 16);
  out.writeUInt32LE(DIRECTORY, 76);
  out.writeUInt32LE(2, 80);
  return out;
}

function names() {
  const entries = Array.from({ length: 100 }, (_, index) => {
    const out = Buffer.alloc(32);
    out.writeBigUInt64LE(BigInt(index + 2), 0);
    out.writeBigUInt64LE(BigInt(index + 1), 8);
    out.writeUInt32LE(3, 16);
    out.write(`n${String(index).padStart(2, '0')}`, 24);
    return out;
  });
  return Buffer.concat(entries);
}

const request = Buffer.alloc((1 << 17) + 4_096);
for (let isListed = false; !isListed;) {
  readSync(fuse, request, 0, request.length, null);
  const opcode = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  if (opcode === OPCODE.INIT) reply(unique, initOut());
  else if (opcode === OPCODE.GETATTR) reply(unique, attributesOut());
  else if (opcode === OPCODE.OPENDIR) reply(unique, Buffer.alloc(16));
  else if (opcode === OPCODE.READDIR) {
    isListed = request.readBigUInt64LE(48) > 0n;
    reply(unique, isListed ? Buffer.alloc(0) : names());
  } else reply(unique, Buffer.alloc(0), ENOSYS);
}
const { ppid } = process;
setInterval(() => process.ppid === ppid || process.exit(0), 100);
