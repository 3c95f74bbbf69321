import type { Asks } from './debug.messages.ts';
import { busyError } from './main-link.ts';
import type { VerbContext, Verbs, WRITE_VERBS } from './verb-table.ts';

type WriteVerb = (typeof WRITE_VERBS)[number];

/** Without an answer in time nothing was done, and nothing will be. */
async function act<Verb extends WriteVerb>(
  { main }: VerbContext,
  verb: Verb,
  params: Asks[Verb]['params'] & { path?: string | undefined; to?: string | undefined },
): Promise<Asks[Verb]['result']> {
  const answered = await main.act(verb, params);
  if (answered.ok) return answered.result;
  throw busyError(params.path ?? params.to ?? 'the daemon', answered.busy);
}

/** Verbs that change something; the table holds them only with the grant. */
export const WRITES = {
  kill: (params, context) => act(context, 'kill', params as never),
  restart: (params, context) => act(context, 'restart', params as never),
  stop: (params, context) => act(context, 'stop', params as never),
  suspend: (params, context) => act(context, 'suspend', params as never),
  resume: (params, context) => act(context, 'resume', params as never),
  replay: (params, context) => act(context, 'replay', params as never),
} satisfies Verbs<WriteVerb>;
