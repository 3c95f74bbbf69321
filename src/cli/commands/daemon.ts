import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { startInBackground } from '../daemon-start.ts';
import { followLog, printLog } from '../daemon-log-lines.ts';
import { readCount, readDurationMs, readPath } from '../argument-values.ts';
import { showDaemonStatus, stopDaemon } from '../daemon-control.ts';

/** `codi daemon start|stop|status|logs` */
export function define(command: Command, context: CliContext): void {
  command.addHelpText(
    'after',
    `
Examples:
  codi daemon start ~/shop
  codi daemon status
  codi daemon logs -f
  codi daemon stop`,
  );
  const start = command.command('start').description('start it in the background');
  start
    .argument('[paths...]', 'folders to watch, besides those added before')
    .option('-w, --wait <duration>', 'how long it may take to answer', '30s')
    .action((paths: string[], options: { wait: string }) =>
      context.run(start, (invocation) => {
        const roots = paths.map((path) => readPath(path, invocation));
        return startInBackground(roots, readDurationMs(options.wait), invocation);
      }),
    );
  const stop = command.command('stop').description('let it finish what it has, and end it');
  stop
    .option('-t, --timeout <duration>', 'how long it may take', '15s')
    .action((options: { timeout: string }) =>
      context.run(stop, (invocation) => stopDaemon(readDurationMs(options.timeout), invocation)),
    );
  const status = command.command('status').description('whether it runs, and where');
  status.action(() => context.run(status, showDaemonStatus));
  const logs = command.command('logs').description('what it says about itself');
  logs
    .option('-n, --lines <count>', 'so many lines', '50')
    .option('-f, --follow', 'go on with what comes')
    .action((options: { lines: string; follow?: boolean }) =>
      context.run(logs, async (invocation) => {
        const count = readCount(options.lines, 'number of lines', 0);
        const end = await printLog(count, invocation);
        if (options.follow) await followLog(end, invocation);
      }),
    );
}
