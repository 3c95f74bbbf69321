import { shapeOf, type Redact } from '../supervisor/index.ts';

/**
 * What the debug socket and crash reports may show of the context of a machine: an actor's path and the fields that
 * hold nothing of what users write or where they work. Everything else shows its shape alone.
 */
const SHOWN: readonly { path: RegExp; fields: readonly string[] }[] = [
  { path: /^serving\/connections\/[^/]+$/, fields: ['code'] },
  { path: /^core\/storage\/(ledger|state)-writer$/, fields: ['retryMs'] },
];

export const redactContext: Redact = ({ path, value }) => {
  const fields = SHOWN.find((entry) => entry.path.test(path))?.fields ?? [];
  if (typeof value !== 'object' || value === null) return shapeOf(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [
      name,
      fields.includes(name) ? held : shapeOf(held),
    ]),
  );
};
