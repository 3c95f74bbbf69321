// A file of which each read takes a while, as on a disk that is far away: FUSE, read only, the image behind it.
//   node slow-file.mjs <image> <where it is mounted> <milliseconds>    ends when it is unmounted
import { spawnSync } from 'node:child_process';
import { openSync, read, readSync, statSync, writeSync } from 'node:fs';

const [image, at, delay] = process.argv.slice(2);
const delayMs = Number(delay);
const { size } = statSync(image);
const disk = openSync(image, 'r');
const fuse = openSync('/dev/fuse', 'r+');
const options = 'fd=3,rootmode=100600,user_id=0,group_id=0,allow_other';
const mounted = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'slow-file', at], {
  stdio: ['ignore', 'inherit', 'inherit', fuse],
});
if (mounted.status !== 0) process.exit(1);

// linux/fuse.h
const OPCODE = { GETATTR: 3, OPEN: 14, READ: 15, RELEASE: 18, INIT: 26, FORGET: 2, FLUSH: 25 };
const ASYNC_READ = 1 << 0;
const ASYNC_DIO = 1 << 15;
const ENOSYS = 38;

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
  out.writeUInt32LE(1 << 20, 8);
  out.writeUInt32LE(ASYNC_READ | ASYNC_DIO, 12);
  out.writeUInt16LE(256, 16);
  out.writeUInt16LE(192, 18);
  out.writeUInt32LE(1 << 17, 20);
  return out;
}

function attributesOut() {
  const out = Buffer.alloc(104);
  out.writeBigUInt64LE(3_600n, 0);
  out.writeBigUInt64LE(1n, 16);
  out.writeBigUInt64LE(BigInt(size), 24);
  out.writeBigUInt64LE(BigInt(Math.floor(size / 512)), 32);
  out.writeUInt32LE(0o100600, 76);
  out.writeUInt32LE(1, 80);
  out.writeUInt32LE(4_096, 96);
  return out;
}

function readOut(offset, length) {
  const out = Buffer.alloc(length);
  return out.subarray(0, readSync(disk, out, 0, length, offset));
}

function answer(request) {
  const opcode = request.readUInt32LE(4);
  const unique = request.readBigUInt64LE(8);
  if (opcode === OPCODE.INIT) reply(unique, initOut());
  else if (opcode === OPCODE.GETATTR) reply(unique, attributesOut());
  else if (opcode === OPCODE.OPEN) reply(unique, Buffer.alloc(16));
  else if (opcode === OPCODE.READ) {
    const [offset, length] = [Number(request.readBigUInt64LE(48)), request.readUInt32LE(56)];
    setTimeout(() => reply(unique, readOut(offset, length)), delayMs);
  } else if (opcode === OPCODE.RELEASE || opcode === OPCODE.FLUSH) reply(unique, Buffer.alloc(0));
  else if (opcode !== OPCODE.FORGET) reply(unique, Buffer.alloc(0), ENOSYS);
}

function listen() {
  const request = Buffer.alloc((1 << 17) + 4_096);
  read(fuse, request, 0, request.length, null, (error, length) => {
    if (error) process.exit(error.code === 'ENODEV' ? 0 : 1);
    answer(request.subarray(0, length));
    listen();
  });
}
for (let reader = 0; reader < 3; reader++) listen();
process.stdout.write('mounted\n');
