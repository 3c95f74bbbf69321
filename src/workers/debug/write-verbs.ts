import type { Asks } from './debug.messages.ts';
import { busyError } from './main-link.ts';
import type { Session } from './session.ts';
import type { VerbContext, Verbs, WRITE_VERBS } from './verb-table.ts';

type WriteVerb = (typeof WRITE_VERBS)[number];

/** Without an answer in time nothing was done, and nothing will be. */
async function act<Verb extends WriteVerb>(
  { main }: VerbContext,
  session: Session,
  verb: Verb,
  params: Asks[Verb]['params'] & { path?: string | undefined; to?: string | undefined },
): Promise<Asks[Verb]['result']> {
  const answered = await main.act(verb, params, await session.peer());
  if (answered.ok) return answered.result;
  throw busyError(params.path ?? params.to ?? 'the daemon', answered.busy);
}

/** Verbs that change something; the table holds them only with the grant. */
export const WRITES = {
  kill: (params, context, session) => act(context, session, 'kill', params as never),
  restart: (params, context, session) => act(context, session, 'restart', params as never),
  stop: (params, context, session) => act(context, session, 'stop', params as never),
  suspend: (params, context, session) => act(context, session, 'suspend', params as never),
  resume: (params, context, session) => act(context, session, 'resume', params as never),
  replay: (params, context, session) => act(context, session, 'replay', params as never),
} satisfies Verbs<WriteVerb>;
