import type { Command } from 'commander';
import { gather, readMetadata } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { exitCodeOf, startChild, type RunningChild } from '../run/child-process.ts';
import { passOn } from '../run/line-capture.ts';
import { RunSession } from '../run/run-session.ts';
import { newSessionId } from '../session/session-id.ts';

interface RunOptions {
  identity?: string;
  id?: string;
  agentType?: string;
  meta?: string[];
  log?: boolean;
}

const HELP = `
The program gets SESSION_ID, CODI_SESSION_ID, CODI_SOCKET and CODI_DATA_DIR, and with them everything it starts. Its
input, output, terminal and signals are its own. codi run exits as the program does, with 128 and the number of
the signal when one ended it; 126 and 127 say, as in a shell, that it could not be started.

The command line is recorded as it stands: give secrets by the environment or a file.
With --log the program sees pipes instead of a terminal.
Without a daemon the session waits in the spool; the program runs all the same.

Examples:
  codi run -- npm test
  codi run --identity claude --agent-type code-gen -- claude
  codi run --log --meta branch=main -- make -j2`;

/** `codi run -- <command…>` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<command...>', 'the program and its arguments, after --')
    .option('-i, --identity <name>', 'who works (the user, when absent)')
    .option('--id <id>', 'the id of the session (made from the identity when absent)')
    .option('--agent-type <type>', 'what kind of agent, for agents')
    .option('-m, --meta <key=value>', 'a fact about it; may be repeated', gather)
    .option('--log', 'also log each line of its output')
    .addHelpText('after', HELP)
    .action((words: [string, ...string[]], options: RunOptions) =>
      context.run(command, (invocation) => run(words, options, invocation)),
    );
}

async function run(
  words: [string, ...string[]],
  options: RunOptions,
  invocation: Invocation,
): Promise<number> {
  const { io } = invocation;
  const identity = options.identity ?? io.userName;
  const sessionId = options.id ?? newSessionId(identity);
  const endpoint = await invocation.endpoint();
  // Before the session is told of: without the folder nothing can be run in it.
  const { cwd } = io;
  const parent = endpoint.identity.sessionId;
  const session = new RunSession(invocation, {
    sessionId,
    identity,
    agentType: options.agentType,
    metadata: {
      ...(parent !== undefined && parent !== sessionId && { parent_session_id: parent }),
      ...readMetadata(options.meta ?? []),
    },
  });
  await session.start(words);
  const env = {
    ...io.env,
    SESSION_ID: sessionId,
    CODI_SESSION_ID: sessionId,
    CODI_SOCKET: endpoint.socketPath,
    CODI_DATA_DIR: endpoint.dataDir,
  };
  let child: RunningChild;
  try {
    child = await startChild({ command: words, env, cwd, isCaptured: options.log === true }, io);
  } catch (error) {
    await session.end({ code: 127, signal: null });
    throw error;
  }
  session.runsAs(child.pid);
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (stream) passOn(stream, io[name], (line) => session.logLine(words[0], name, line));
  }
  const end = await child.ended;
  await session.end(end);
  return exitCodeOf(end);
}
