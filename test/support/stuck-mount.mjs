// A directory (FUSE, read only) with a hundred names in it that can be listed once; whoever asks for anything afterwards
// waits for ever. Ends with the process that started it.
//   node stuck-mount.mjs <where it is mounted> <file that is made when it is>
import { readSync, writeFileSync } from 'node:fs';
import {
  attributesOut,
  ENOSYS,
  initOut,
  mountFuse,
  OPCODE,
  reply,
  REQUEST_BYTES,
  requestOf,
} from './fuse.mjs';

const [at, readyFile] = process.argv.slice(2);
const fuse = mountFuse('stuck', at, 'ro,rootmode=40755');
writeFileSync(readyFile, '');

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

const request = Buffer.alloc(REQUEST_BYTES);
for (let isListed = false; !isListed;) {
  const length = readSync(fuse, request, 0, request.length, null);
  const { opcode, unique, offset } = requestOf(request.subarray(0, length));
  const send = (body, error) => reply(fuse, unique, body, error);
  if (opcode === OPCODE.INIT) send(initOut());
  else if (opcode === OPCODE.GETATTR) send(attributesOut({ mode: 0o40755, links: 2 }));
  else if (opcode === OPCODE.OPENDIR) send(Buffer.alloc(16));
  else if (opcode === OPCODE.READDIR) {
    isListed = offset > 0;
    send(isListed ? Buffer.alloc(0) : names());
  } else send(Buffer.alloc(0), ENOSYS);
}
const { ppid } = process;
setInterval(() => process.ppid === ppid || process.exit(0), 100);
