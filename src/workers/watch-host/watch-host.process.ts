/**
 * The watch host as a child process. It lives only for its parent: it ends at once when the channel closes, and
 * signals sent to the parent's group are not for it.
 */
import { setFlagsFromString } from 'node:v8';
import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import { createWatchHost } from './host.ts';
import { trimWhenIdle } from './idle-trim.ts';
import { nodeHostPorts } from './node-host-ports.ts';
import { SendQueue } from './send-queue.ts';
import type { FromWatchHost, ToWatchHost } from './watch-host.messages.ts';

function main(): void {
  // Short-lived objects are all a scan makes beside the index: a small nursery is as quick, and 30 MB less.
  setFlagsFromString('--semi-space-growth-factor=1');
  trimWhenIdle(() => process.cpuUsage().user + process.cpuUsage().system);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const)
    process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('uncaughtException', (error) => {
    process.stderr.write(`watch host: ${error.stack ?? error.message}\n`, () => process.exit(1));
  });
  const queue = new SendQueue(
    (message, onSent) => void process.send!(message, onSent),
    (isCongested) => host.setCongested(isCongested),
  );
  const emit = (message: FromWatchHost) => queue.send(message);
  const host = createWatchHost(
    nodeHostPorts(process.platform, process.ppid, () => process.memoryUsage.rss()),
    emit,
  );
  process.on('message', (message: ToWatchHost) => {
    if (message.type !== 'stop') host.receive(message);
    else {
      host.close();
      process.exit(0);
    }
  });
  emit({ type: 'sys.ready' });
  sendHeartbeats((message) => void process.send!(message, () => undefined));
}

if (process.send) main();
else {
  process.stderr.write('watch host: to be started by codi-monitor only\n');
  process.exitCode = 2;
}
