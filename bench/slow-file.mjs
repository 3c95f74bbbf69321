// A file of which each read takes a while, as on a disk that is far away: FUSE, read only, the image behind it.
//   node slow-file.mjs <image> <where it is mounted> <milliseconds>    ends when it is unmounted
import { openSync, read, readSync, statSync } from 'node:fs';
import {
  ASYNC_DIO,
  ASYNC_READ,
  attributesOut,
  ENOSYS,
  initOut,
  mountFuse,
  OPCODE,
  reply,
  REQUEST_BYTES,
  requestOf,
} from '../test/support/fuse.mjs';

const [image, at, delay] = process.argv.slice(2);
const delayMs = Number(delay);
const { size } = statSync(image);
const disk = openSync(image, 'r');
const fuse = mountFuse('slow-file', at, 'rootmode=100600,allow_other');
const attributes = attributesOut({ mode: 0o100600, links: 1, size });

function readOut(offset, length) {
  const out = Buffer.alloc(length);
  return out.subarray(0, readSync(disk, out, 0, length, offset));
}

function answer(request) {
  const { opcode, unique, offset } = requestOf(request);
  const send = (body, error) => reply(fuse, unique, body, error);
  if (opcode === OPCODE.INIT) send(initOut({ flags: ASYNC_READ | ASYNC_DIO, queued: 256 }));
  else if (opcode === OPCODE.GETATTR) send(attributes);
  else if (opcode === OPCODE.OPEN) send(Buffer.alloc(16));
  else if (opcode === OPCODE.READ) {
    const length = request.readUInt32LE(56);
    setTimeout(() => send(readOut(offset, length)), delayMs);
  } else if (opcode === OPCODE.RELEASE || opcode === OPCODE.FLUSH) send(Buffer.alloc(0));
  else if (opcode !== OPCODE.FORGET) send(Buffer.alloc(0), ENOSYS);
}

function listen() {
  const request = Buffer.alloc(REQUEST_BYTES);
  read(fuse, request, 0, request.length, null, (error, length) => {
    if (error) process.exit(error.code === 'ENODEV' ? 0 : 1);
    answer(request.subarray(0, length));
    listen();
  });
}
for (let reader = 0; reader < 3; reader++) listen();
process.stdout.write('mounted\n');
