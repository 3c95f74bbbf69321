// Goal: whatever the sources say, the strongest source that has a setting decides its value, and its
// origin names that source. Method: random subsets of the settings in each source, against a model.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SETTINGS } from '#codi/config/catalogue.js';
import { loadConfig } from '#codi/config/load.js';

const counts = SETTINGS.filter(
  ({ kind, name }) => kind === 'count' && !name.startsWith('resource_limits'),
);
const chosen = fc.dictionary(
  fc.constantFrom(...counts.map(({ name }) => name)),
  fc.constantFrom(1, 2, 3),
);

test('The strongest source that has a setting decides it.', () => {
  fc.assert(
    fc.property(chosen, chosen, chosen, (file, environment, flags) => {
      const fits = (name: string, value: number): boolean =>
        counts.find((setting) => setting.name === name)?.schema.safeParse(value).success === true;
      const only = (source: Record<string, number>) =>
        Object.entries(source).filter(([name, value]) => fits(name, value));

      const text = only(file)
        .map(([name, value]) => `${name} = ${value}`)
        .join('\n');
      const env = Object.fromEntries(
        only(environment).map(([name, value]) => [
          `CODI_${name.replace('.', '_').toUpperCase()}`,
          String(value),
        ]),
      );
      const result = loadConfig({
        file: { path: '/c.toml', text },
        env,
        flags: Object.fromEntries(only(flags)),
      });
      if (!result.ok) throw new Error(JSON.stringify(result.errors));

      const [inFile, inEnvironment, inFlags] = [file, environment, flags].map(
        (source) => new Map(only(source)),
      );
      for (const { name, group, property } of counts) {
        const value = (result.config[group] as Record<string, unknown>)[property];
        const origin = result.origins[name]?.source;
        if (inFlags?.has(name)) expect([value, origin]).toEqual([inFlags.get(name), 'flag']);
        else if (inEnvironment?.has(name)) {
          expect([value, origin]).toEqual([inEnvironment.get(name), 'environment']);
        } else if (inFile?.has(name)) expect([value, origin]).toEqual([inFile.get(name), 'file']);
        else expect(origin).toBe('default');
      }
    }),
    { numRuns: 200 },
  );
});
