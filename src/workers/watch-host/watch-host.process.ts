/**
 * The watch host as a child process. It lives only for its parent: it ends at once when the channel closes, and
 * signals sent to the parent's group are not for it. Both hold from its first instant: the host itself is loaded
 * afterwards, and who listens only then is never told of a channel that closed meanwhile.
 */
const OF_THE_GROUP = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const;

if (process.send) {
  let isLookingAhead = () => false;
  const end = (code: number) => {
    // An exit waits for all threads, and one that looks at a dead mount may never come back.
    if (isLookingAhead()) process.kill(process.pid, 'SIGKILL');
    process.exit(code);
  };
  process.on('disconnect', () => end(0));
  for (const signal of OF_THE_GROUP) process.on(signal, () => {});
  const { runWatchHost } = await import('./host-process.ts');
  const host = runWatchHost(process, end);
  isLookingAhead = () => host.isLookingAhead;
} else {
  process.stderr.write('watch host: to be started by codi-monitor only\n');
  process.exitCode = 2;
}
