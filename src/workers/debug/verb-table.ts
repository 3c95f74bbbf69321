import { CodiError } from '../../protocol/errors.ts';
import type { DebugSubscriptions, DebugVerbs } from '../../protocol/debug/verbs.ts';
import type { DebugThreadData } from './debug.messages.ts';
import type { Known } from './known.ts';
import type { MainLink } from './main-link.ts';
import { readParams, type ParamsOf } from './params.ts';
import type { DebugRequest, Session } from './session.ts';
import type { Streams } from './streams.ts';
import type { Subscription } from './subscription.ts';
import type { Watchers } from './watchers.ts';

export type VerbName = keyof DebugVerbs | keyof DebugSubscriptions;

/** What the verbs stand on. */
export interface VerbContext {
  data: DebugThreadData;
  main: MainLink;
  known: Known;
  streams: Streams;
  watchers: Watchers;
  monotonicMs(): number;
}

type ResultOf<Verb extends VerbName> = Verb extends keyof DebugVerbs
  ? DebugVerbs[Verb]['result']
  : Subscription;

/** Carries a verb out. @throws CodiError that the client is told */
export type Verb<Name extends VerbName> = (
  params: ParamsOf<Name>,
  context: VerbContext,
  session: Session,
) => Promise<ResultOf<Name>> | ResultOf<Name>;

export type Verbs<Names extends VerbName> = { [Name in Names]: Verb<Name> };

export const WRITE_VERBS = ['kill', 'restart', 'stop', 'suspend', 'resume', 'replay'] as const;

const isWriteVerb = (verb: string) => (WRITE_VERBS as readonly string[]).includes(verb);

/** The verbs of this thread by name; those that write are not among them without the grant. */
export class VerbTable {
  readonly #verbs: Partial<Verbs<VerbName>>;
  readonly #context: VerbContext;

  constructor(verbs: Partial<Verbs<VerbName>>, context: VerbContext) {
    this.#verbs = verbs;
    this.#context = context;
  }

  get names(): string[] {
    return Object.keys(this.#verbs);
  }

  run = async (request: DebugRequest, session: Session): Promise<unknown> => {
    const { verb } = request;
    if (!this.#has(verb)) throw unknown(verb);
    const params = readParams(verb, request) as never;
    return this.#verbs[verb]!(params, this.#context, session);
  };

  #has(verb: string): verb is VerbName {
    return Object.hasOwn(this.#verbs, verb);
  }
}

function unknown(verb: string): CodiError {
  if (!isWriteVerb(verb)) return new CodiError('CODI_MESSAGE_UNKNOWN', { kind: verb });
  return new CodiError(
    'CODI_NOT_PERMITTED',
    { reason: 'this daemon takes no changes through its debug socket' },
    { hint: 'start it with `codi up`, or set debug.write' },
  );
}
