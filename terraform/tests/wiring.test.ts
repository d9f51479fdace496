import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { terraformFolder } from './support/folders.ts';
import { startSharedProvider } from './support/shared-provider.ts';
import { besideDomain, inGivenVpc, type Wiring, withNat } from './wiring/every-variable.ts';
import { type MockedInstallation, mockInstallation } from './wiring/mocked-installation.ts';

// Each variable of the root arrives where it has to: in the modules' resources, under a value that is not the default.

const variablesFile = readFileSync(join(terraformFolder, 'variables.tf'), 'utf8');
const declarations = new Map(
  variablesFile
    .split(/^variable /m)
    .slice(1)
    .map((text) => [/^"(\w+)"/.exec(text)?.[1] ?? '', text]),
);

const valuesOf = (table: Readonly<Record<string, Wiring>>) =>
  Object.fromEntries(Object.entries(table).map(([name, { value }]) => [name, value]));

const image_tag = '1.0.0';
const provider = await startSharedProvider();
t.teardown(() => provider.stop());
const [made, given, nat] = await Promise.all([
  mockInstallation('beside-domain', valuesOf(besideDomain), provider),
  mockInstallation('in-given-vpc', { image_tag, ...valuesOf(inGivenVpc) }, provider),
  mockInstallation('with-nat', { image_tag, ...valuesOf(withNat) }, provider),
]);

const tables = [besideDomain, inGivenVpc, withNat];

t.test('no variable is left out', async (t) => {
  const named = new Set(tables.flatMap((table) => Object.keys(table)));
  t.strictSame([...named].sort(), [...declarations.keys()].sort());
});

t.test('nor any part of one', async (t) => {
  let count = 0;
  for (const [name, text] of declarations) {
    if (!/^ {2}type += object\(/m.test(text)) continue;
    const parts = [...text.matchAll(/^ {4}(\w+) += (?:optional|string|number|bool|list|map)\b/gm)].map(
      ([, part]) => part,
    );
    const given = new Set(tables.flatMap((table) => Object.keys((table[name]?.value ?? {}) as object)));
    t.strictSame([...given].sort(), parts.sort(), name);
    count += 1;
  }
  t.ok(count > 0, 'there are some');
});

readBack(besideDomain, made, nat);
readBack(inGivenVpc, given, nat);
readBack(withNat, nat, made);

/** @param other an installation without these values: what is read there must differ, or nothing would be shown */
function readBack(
  table: Readonly<Record<string, Wiring>>,
  installation: MockedInstallation,
  other: MockedInstallation,
): void {
  for (const [name, wiring] of Object.entries(table)) {
    const { value, expected = value, read } = wiring;
    t.test(`${name} arrives`, async (t) => {
      t.strictSame(read(installation), expected);
      const without = read(other);
      if ('otherwise' in wiring) t.strictSame(without, wiring.otherwise, 'and not by itself');
      for (const [part, expectedPart] of partsOf(expected)) {
        const withoutPart = new Map(partsOf(without)).get(part);
        t.notOk(isDeepStrictEqual(withoutPart, expectedPart), `${name}${part} is another without it`);
      }
    });
  }
}

/** The parts of an object, which all have to differ; of anything else the whole. */
function partsOf(value: unknown): [part: string, value: unknown][] {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? Object.entries(value).map(([part, of]) => [`.${part}`, of]) : [['', value]];
}
