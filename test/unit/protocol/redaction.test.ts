import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redacted, Redactor, redactText } from '#codi/protocol/redaction.js';
import { SECRET_UNITS_MAX } from '#codi/protocol/secret-forms.js';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;
const MODEL = `sk-${'a1B2'.repeat(9)}`;
const PEM = `-----BEGIN RSA PRIVATE KEY-----\n${'a1B2/+=\n'.repeat(40)}-----END RSA PRIVATE KEY-----`;
const TEXT = `first ${TOKEN}\n${'x'.repeat(40_000)}${MODEL}, ${MODEL}\n${PEM}\nno ghp_short\nhäi\n`;

function inPieces(text: string, cuts: readonly number[]): string {
  const bytes = Buffer.from(text);
  const redactor = new Redactor();
  const places = [0, ...[...cuts].sort((one, other) => one - other), bytes.length];
  const shown = places
    .slice(1)
    .map((end, index) => redactor.push(bytes.subarray(places[index], end)));
  return Buffer.concat([...shown, redactor.end()]).toString();
}

test('Secrets are replaced, all else stays, also the number of lines.', () => {
  const shown = redactText(TEXT);
  // The first of the two stands within a word.
  expect(shown).toBe(
    `first [redacted:github_token]\n${'x'.repeat(40_000)}${MODEL}, [redacted:model_api_key]\n` +
      `[redacted:private_key]${'\n'.repeat(41)}\nno ghp_short\nhäi\n`,
  );
  expect(shown.split('\n').length).toBe(TEXT.split('\n').length);
});

test('It is the same in whatever pieces the bytes come.', () => {
  const whole = redactText(TEXT);
  const length = Buffer.byteLength(TEXT);
  fc.assert(
    fc.property(fc.array(fc.nat(length), { maxLength: 12 }), (cuts) => {
      expect(inPieces(TEXT, cuts) === whole).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('A key in a string of JSON is replaced, and the string is one afterwards.', () => {
  for (const text of [PEM, PEM.slice(0, 200), `${PEM.slice(0, 200)} "and" \\ more`]) {
    const line = redactText(JSON.stringify({ text, after: 1 }));
    expect(line).not.toContain('a1B2');
    expect(JSON.parse(line)).toMatchObject({ after: 1 });
  }
});

test('Bytes that are no text are given back as they were.', async () => {
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
  async function* pieces() {
    yield bytes.subarray(0, 40_000);
    yield bytes.subarray(40_000);
  }
  const shown: Uint8Array[] = [];
  for await (const piece of redacted(pieces())) shown.push(piece);
  expect(Buffer.concat(shown).equals(bytes)).toBe(true);
});

test('What is held has a limit, whatever the bytes are.', () => {
  const redactor = new Redactor();
  let given = 0;
  const piece = Buffer.from(`AKIA${'A'.repeat(16)}sk-${'a'.repeat(246)}`.repeat(40));
  for (let round = 1; round <= 20; round++) {
    given += redactor.push(piece).length > 0 ? 1 : 0;
  }
  expect(given).toBeGreaterThan(10);
  expect(redactor.end().length).toBeLessThan(3 * SECRET_UNITS_MAX);
});
