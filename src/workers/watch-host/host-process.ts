import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import { trimWhenIdle } from '../../supervisor/idle-trim.ts';
import { createWatchHost, type WatchHost } from './host.ts';
import { nodeHostPorts } from './node-host-ports.ts';
import { SendQueue } from './send-queue.ts';
import type { FromWatchHost, ToWatchHost } from './watch-host.messages.ts';

/** Serves the parent over the channel, until it says stop; `end` ends the process. */
export function runWatchHost(self: NodeJS.Process, end: (code: number) => void): WatchHost {
  trimWhenIdle(() => self.cpuUsage(), true);
  self.on('uncaughtException', (error) => {
    self.stderr.write(`watch host: ${error.stack ?? error.message}\n`, () => end(1));
  });
  const queue = new SendQueue(
    (message, onSent) => void self.send!(message, onSent),
    (isCongested) => host.setCongested(isCongested),
  );
  const emit = (message: FromWatchHost) => queue.send(message);
  const host = createWatchHost(
    nodeHostPorts(self.platform, self.ppid, () => self.memoryUsage.rss()),
    emit,
  );
  self.on('message', (message: ToWatchHost) => {
    if (message.type !== 'stop') host.receive(message);
    else {
      host.close();
      end(0);
    }
  });
  emit({ type: 'sys.ready' });
  sendHeartbeats((message) => void self.send!(message, () => undefined));
  return host;
}
