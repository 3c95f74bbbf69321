import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SecretScan } from '#codi/workers/storage/exports/secret-scan.js';

const TOKEN = `ghp_${'a1B2'.repeat(9)}`;
const AWS = `AKIA${'A1B2'.repeat(4)}`;
const KEY = '-----BEGIN OPENSSH PRIVATE KEY-----';
const TEXT = Buffer.from(`first ${TOKEN}\nand ${AWS}, ${AWS}\n${KEY}\nno ghp_short AKIA123\n`);
const COUNTS = { github_token: 1, aws_access_key: 2, private_key: 1 };

test('Known forms are counted, whatever pieces the content comes in.', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 12 }), (cuts) => {
      const scan = new SecretScan();
      const places = [0, ...cuts.sort((one, other) => one - other), TEXT.length];
      for (let index = 1; index < places.length; index++)
        scan.add(TEXT.subarray(places[index - 1], places[index]));
      expect(scan.counts).toEqual(COUNTS);
    }),
  );
});

test('What was counted in an earlier version counts once, also when the new part begins inside of it.', () => {
  for (const cut of [0, 8, 20, TEXT.indexOf('\n'), TEXT.length]) {
    const before = new SecretScan();
    before.add(TEXT.subarray(0, cut));
    const scan = new SecretScan(before.counts);
    scan.skip(TEXT.subarray(0, cut));
    scan.add(TEXT.subarray(cut));
    expect(scan.counts, `cut at ${cut}`).toEqual(COUNTS);
  }
});

test('Bytes that are no text are looked through as well.', () => {
  const scan = new SecretScan();
  scan.add(Buffer.concat([Buffer.of(0xff, 0x00), Buffer.from(TOKEN), Buffer.of(0x00, 0xfe)]));
  expect(scan.counts).toEqual({ github_token: 1 });
});
