import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeMessage } from '#codi/protocol/codec.js';
import { ANSWER_KINDS, REQUEST_KINDS } from '#codi/protocol/kinds.js';
import type { MessageKind } from '#codi/protocol/kinds.js';
import { MESSAGES } from '#codi/protocol/messages.js';

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const sections = new Map(
  text.split(/^#{2,4} /m).map((section) => [section.split('\n', 1)[0] ?? '', section]),
);
const kinds: MessageKind[] = [...REQUEST_KINDS, ...ANSWER_KINDS];
const ports = {
  newId: () => '018f4c1e-7b2a-7c3d-9e4f-0123456789ab',
  now: () => ({ seconds: 0, nanos: 0 }),
};

/** What of zod's schemas this test looks into. */
interface Schema {
  shape?: Record<string, Schema>;
  element?: Schema;
  unwrap?: () => Schema;
  safeParse(value: unknown): { success: boolean };
}

/** Name of each struct in a message, with its fields in order; optional ones end in `?`. */
function structs(name: string, schema: Schema, seen: Map<object, string>): [string, string[]][] {
  if (schema.unwrap !== undefined) return structs(name, schema.unwrap(), seen);
  if (schema.element !== undefined) return structs(name, schema.element, seen);
  if (schema.shape === undefined || seen.has(schema)) return [];
  seen.set(schema, name);
  const entries = Object.entries(schema.shape);
  const fields = entries.map(([field, type]) => {
    return type.safeParse(undefined).success ? `${field}?` : field;
  });
  const inner = entries.flatMap(([field, type]) => structs(`${name}.${field}`, type, seen));
  return [[name, fields], ...inner];
}

/** The fields that a section of the page lists, as `structs` names them. */
function documented(section: string): string[] {
  return [...section.matchAll(/^\| *(\d+) *\| `([\w?]+)`/gm)].map(([, number, field], index) => {
    expect(Number(number)).toBe(index + 1);
    return field ?? '';
  });
}

describe('docs/protocol.md', () => {
  const seen = new Map<object, string>();
  for (const kind of kinds) {
    for (const [name, fields] of structs(kind, MESSAGES[kind] as unknown as Schema, seen)) {
      it(`lists the fields of ${name} in the order of the compact form`, () => {
        expect(sections.get(name), `a section ${name}`).toBeDefined();
        expect(documented(sections.get(name) ?? '')).toEqual(fields);
      });
    }
  }

  it('has examples that the codec reads, of every kind', () => {
    const examples = [...text.matchAll(/^```text\n(.*?)\n```$/gms)].map(([, example]) => example);
    const shown = examples.map((example) => {
      const result = decodeMessage(Buffer.from(example ?? ''), 'json', ports);
      if (!result.ok) throw new Error(`${example}`, { cause: result.error });
      return result.message.payload.kind;
    });
    expect([...new Set(shown)].sort()).toEqual([...kinds].sort());
  });
});
