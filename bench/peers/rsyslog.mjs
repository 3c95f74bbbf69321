import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonLine } from '../entry.mjs';
import { newHome } from '../daemon.mjs';
import { dial, missing, startServer, versionOf } from './process.mjs';

/** rsyslog, from a Unix stream socket to a file. It acknowledges nothing: what stands in the file counts. */
export const rsyslog = {
  name: 'rsyslog to a file',
  promise: 'no acknowledgment, no fsync',
  missing: () => missing('rsyslogd'),
  version: () => versionOf('rsyslogd', '-v'),
  async start() {
    const home = newHome();
    const [path, file, config] = [join(home, 'l.sock'), join(home, 'log'), join(home, 'conf')];
    writeFileSync(
      config,
      `global(workDirectory="${home}")
       module(load="imptcp")
       template(name="line" type="string" string="%msg%\\n")
       ruleset(name="file") { action(type="omfile" file="${file}" template="line" flushOnTXEnd="on") }
       input(type="imptcp" path="${path}" ruleset="file")\n`,
    );
    const stop = startServer('rsyslogd', ['-n', '-f', config, '-i', join(home, 'pid')], home);
    return {
      connect: async (entry, onAcks) => {
        const socket = await dial({ path });
        const line = () => `<14>Jan  1 00:00:00 h bench: ${jsonLine(entry)}\n`;
        const lineBytes = jsonLine(entry).length + 2;
        let seen = 0;
        const timer = setInterval(() => {
          const stored = Math.floor(sizeOf(file) / lineBytes);
          if (stored > seen) onAcks(stored - seen);
          seen = stored;
        }, 5);
        return {
          send: (count) => {
            let text = '';
            for (let number = 0; number < count; number++) text += line();
            socket.write(text, 'latin1');
          },
          close: async () => {
            clearInterval(timer);
            socket.destroy();
          },
        };
      },
      stop,
    };
  },
};

function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
