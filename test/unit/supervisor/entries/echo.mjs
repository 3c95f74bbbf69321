// Runs as a thread and as a process: says it is ready, echoes, and ends the way it is told to.
import { parentPort, workerData } from 'node:worker_threads';
import process from 'node:process';

const send = (message) => (parentPort ? parentPort.postMessage(message) : process.send(message));
let data = parentPort ? workerData : undefined;

function receive(message) {
  if (message.type === 'sys.data') data = message.data;
  else if (message.type === 'crash') throw new Error('told to crash');
  else if (message.type === 'exit') process.exit(message.code);
  else if (message.type === 'spin') for (;;);
  else if (message.type === 'burst') {
    for (let count = 1; count < message.count; count += 1) send({ type: 'burst', count });
    if (parentPort) {
      send({ type: 'burst' });
      parentPort.close();
    } else process.send({ type: 'burst' }, () => process.exit(0));
  } else if (message.type === 'ask') {
    const { pid, execArgv, env } = process;
    send({ type: 'told', data, greeting: env['GREETING'], pid, execArgv });
  } else send(message);
}

if (parentPort) parentPort.on('message', receive);
else {
  process.on('message', receive);
  process.on('disconnect', () => process.exit(0));
}
if (process.env['REFUSE']) send({ type: 'sys.startFailed', message: 'cannot open it' });
else send({ type: 'sys.ready', answer: 42 });
