/** What actors are, by their place in the tree: the label of their metrics. Paths never are one. */
const PLACES = [
  ['root', /^root$/],
  ['debug', /^debug$/],
  ['telemetry', /^core\/telemetry$/],
  ['ledger_writer', /^core\/storage\/ledger-writer$/],
  ['state_writer', /^core\/storage\/state-writer$/],
  ['readers', /^core\/storage\/readers$/],
  ['maintenance', /^core\/storage\/maintenance$/],
  ['notary', /^core\/storage\/notary$/],
  ['retention', /^core\/storage\/retention$/],
  ['hashing', /^watching\/hashing$/],
  ['sessions', /^core\/coordination\/sessions$/],
  ['watch_host', /^watching\/hosts\/./],
  ['watcher', /^watching\/watchers\/./],
  ['roots', /^watching\/roots$/],
  ['event_log', /^watching\/event-log$/],
  ['exports', /^watching\/exports$/],
  ['connection', /^serving\/connections\/./],
  ['spools', /^serving\/spools$/],
  ['acceptor', /^serving\/(unix|legacy|tcp)$/],
  ['http', /^serving\/http$/],
  [
    'supervisor',
    /^(core(\/(storage|coordination))?|watching(\/(hosts|watchers))?|serving(\/connections)?)$/,
  ],
] as const;

export type ActorKind = (typeof PLACES)[number][0] | 'other';

export const ACTOR_KINDS: readonly ActorKind[] = [...PLACES.map(([kind]) => kind), 'other'];

export function actorKindOf(path: string): ActorKind {
  return PLACES.find(([, place]) => place.test(path))?.[0] ?? 'other';
}
