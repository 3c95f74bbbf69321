// A client of its own that writes as fast as it is answered, until its parent goes or says so.
//   node bench/saturate.mjs <socket>   (started by other benchmarks)
import { MonitorClient } from '../dist/client/index.js';
import { newEntry } from './entry.mjs';

const client = await MonitorClient.connect({ socketPath: process.argv[2] });
const entry = newEntry();
let acked = 0;
let isOver = false;
process.on('message', (message) => {
  if (message === 'count') process.send(acked);
  else isOver = true;
});
process.on('disconnect', () => process.exit(0));
while (!isOver) {
  await client.room();
  for (let number = 0; number < 64; number++) void client.log(entry).then(() => acked++);
}
await client.close();
process.exit(0);
