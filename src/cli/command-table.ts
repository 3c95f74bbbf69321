import type { Command } from 'commander';
import type { CliContext } from './context.ts';

/** What a command file exports: it fills in arguments, options, help and the action. */
export interface CommandModule {
  define(command: Command, context: CliContext): void;
}

/** One line of the command list; the file behind it is loaded only when the command is used. */
export interface CommandRow {
  name: string;
  summary: string;
  load(): Promise<CommandModule>;
  isHidden?: boolean;
}

/** All commands, in the order in which help shows them. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'up',
    summary: 'run the daemon here, in the foreground, with the live view',
    load: () => import('./commands/up.ts'),
  },
  {
    name: 'init',
    summary: 'write a configuration for a folder',
    load: () => import('./commands/init.ts'),
  },
  { name: 'status', summary: 'is it well?', load: () => import('./commands/status.ts') },
  { name: 'doctor', summary: 'what is wrong here?', load: () => import('./commands/doctor.ts') },
  { name: 'log', summary: 'write an entry', load: () => import('./commands/log.ts') },
  {
    name: 'tail',
    summary: 'the last entries and file events, and what comes',
    load: () => import('./commands/tail.ts'),
  },
  { name: 'query', summary: 'find log entries', load: () => import('./commands/query.ts') },
  { name: 'events', summary: 'what happened to files', load: () => import('./commands/events.ts') },
  {
    name: 'sync',
    summary: 'wait until all that was written before is recorded',
    load: () => import('./commands/sync.ts'),
  },
  {
    name: 'watch',
    summary: 'add, list and remove watched paths; when they were in doubt',
    load: () => import('./commands/watch.ts'),
  },
  { name: 'files', summary: 'the files that are known', load: () => import('./commands/files.ts') },
  {
    name: 'run',
    summary: 'run a program in a session of its own',
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'session',
    summary: 'start, end, list and show sessions',
    load: () => import('./commands/session.ts'),
  },
  {
    name: 'export',
    summary: 'what agents exported, and the content of it',
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'import',
    summary: 'bring old logs of JSON lines into the ledger',
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'audit',
    summary: 'prove an entry, and check that nothing was altered',
    load: () => import('./commands/audit.ts'),
  },
  {
    name: 'tree',
    summary: 'the actors inside the daemon',
    load: () => import('./commands/tree.ts'),
  },
  {
    name: 'top',
    summary: 'the busiest actors, live',
    load: () => import('./commands/top.ts'),
  },
  {
    name: 'inspect',
    summary: 'all about one actor',
    load: () => import('./commands/inspect.ts'),
  },
  {
    name: 'peek',
    summary: "the state of an actor's machine",
    load: () => import('./commands/peek.ts'),
  },
  {
    name: 'trace',
    summary: 'messages as they pass, for a while',
    load: () => import('./commands/trace.ts'),
  },
  {
    name: 'recent',
    summary: "an actor's last messages",
    load: () => import('./commands/recent.ts'),
  },
  {
    name: 'crashes',
    summary: 'what crashed, and why',
    load: () => import('./commands/crashes.ts'),
  },
  {
    name: 'why',
    summary: 'why an actor does not run',
    load: () => import('./commands/why.ts'),
  },
  {
    name: 'suspend',
    summary: 'let an actor wait',
    load: () => import('./commands/suspend.ts'),
  },
  {
    name: 'resume',
    summary: 'let a suspended actor go on',
    load: () => import('./commands/resume.ts'),
  },
  {
    name: 'restart',
    summary: 'end an actor and start it again',
    load: () => import('./commands/restart.ts'),
  },
  {
    name: 'kill',
    summary: 'kill an actor and see it come back',
    load: () => import('./commands/kill.ts'),
  },
  {
    name: 'stop',
    summary: 'stop one actor inside the daemon',
    load: () => import('./commands/stop.ts'),
  },
  {
    name: 'deadletters',
    summary: 'messages that reached nobody',
    load: () => import('./commands/deadletters.ts'),
  },
  {
    name: 'leaks',
    summary: 'what actors and the process hold',
    load: () => import('./commands/leaks.ts'),
  },
  {
    name: 'daemon',
    summary: 'start, stop and look at the daemon in the background',
    load: () => import('./commands/daemon.ts'),
  },
  {
    name: 'store',
    summary: 'sizes, archives, verification, backup and restore',
    load: () => import('./commands/store.ts'),
  },
  {
    name: 'token',
    summary: 'who may come in over TCP',
    load: () => import('./commands/token.ts'),
  },
  {
    name: 'config',
    summary: 'check and show the configuration',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'completion',
    summary: 'print the completion script of a shell',
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'help',
    summary: 'help on a command, a topic or an error code',
    load: () => import('./commands/help.ts'),
  },
  {
    name: '__complete',
    summary: 'candidates for the shell',
    load: () => import('./commands/complete.ts'),
    isHidden: true,
  },
  {
    name: '__reference',
    summary: 'prints docs/cli.md',
    load: () => import('./commands/reference.ts'),
    isHidden: true,
  },
];
