// Loaded into the daemon and its threads before they start: tells over IPC what is left of each heap after a collection,
// and what handles the main thread has. The threads are as they were when they were asked the last time.
import { basename } from 'node:path';
import process from 'node:process';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

const channel = new BroadcastChannel('soak');
channel.unref();

function heap(collects = true) {
  if (collects) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return { heapUsed, external };
}

if (isMainThread) {
  let threads = [];
  channel.onmessage = ({ data }) => threads.push(data);
  process.on('message', (message) => {
    if (message?.type !== 'measure') return;
    const handles = process.getActiveResourcesInfo();
    process.send({ type: 'measured', ...heap(message.collects), threads, handles });
    if (!message.collects) return;
    threads = [];
    channel.postMessage('measure');
  });
} else {
  const name = basename(process.argv[1] ?? 'thread', '.js');
  channel.onmessage = ({ data }) => {
    if (data === 'measure') channel.postMessage({ name, ...heap() });
  };
}
