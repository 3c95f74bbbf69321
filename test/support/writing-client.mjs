// A program that logs as fast as it is told and says which entries were acknowledged, for tests that kill it.
import { MonitorClient } from '../../dist/client/index.js';

const { dataDir, socketPath, name, fsync, fileBytes, pauseMs } = JSON.parse(process.argv[2]);
const client = MonitorClient.open({
  dataDir,
  socketPath,
  spool: { fsync, fileBytes },
  clientName: name,
  retry: { minMs: 10, maxMs: 400 },
});
let sent = 0;
let accepted = 0;
let isStopping = false;
process.on('message', () => (isStopping = true));
// The test is gone without having said so.
process.on('disconnect', () => process.exit(isStopping ? 0 : 1));

while (!isStopping) {
  const count = 1 + (sent % 7);
  for (let index = 0; index < count; index++) {
    const number = sent;
    sent += 1;
    client.log({ level: 'Info', component: name, message: String(number) }).then(
      () => {
        if (number !== accepted) throw new Error(`${name}: ${number} came before ${accepted}`);
        accepted += 1;
      },
      (error) => {
        process.stdout.write(`failed ${error.code}: ${error.message}\n`);
      },
    );
  }
  process.stdout.write(`accepted ${accepted}\n`);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  await client.room();
}
await client.close();
process.stdout.write(`accepted ${accepted}\nclosed ${sent} ${client.counts.spooled}\n`);
process.disconnect();
