import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import t from 'tap';
import { variablesOf } from '../../scripts/terraform-variables.ts';
import { boundedDescriptions } from './support/bounded-descriptions.ts';
import { terraformFolder } from './support/folders.ts';
import { startSharedProvider } from './support/shared-provider.ts';
import {
  besideDomain,
  besideDomainToo,
  inGivenVpc,
  inSmallProfile,
  type Wiring,
} from './wiring/handed-on.ts';
import { type MockedInstallation, mockInstallation } from './wiring/mocked-installation.ts';

// What the root hands on itself arrives where it has to: in the modules' resources, under a value that is not the default.

const declared = (folder: string) =>
  variablesOf(readFileSync(join(terraformFolder, folder, 'variables.tf'), 'utf8'));

const valuesOf = (table: Readonly<Record<string, Wiring>>) =>
  Object.fromEntries(Object.entries(table).map(([path, { value }]) => [path, value]));

/** Variables from values by paths such as "storage.kms_key_arn". */
function variablesFrom(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const variables: Record<string, unknown> = {};
  for (const [path, value] of Object.entries(values)) {
    const [name = '', part] = path.split('.');
    const whole = part === undefined ? value : { [part]: value };
    variables[name] = name in variables ? { ...(variables[name] as object), ...(whole as object) } : whole;
  }
  return variables;
}

const image_tag = '1.0.0';
const provider = await startSharedProvider();
t.teardown(() => provider.stop());
const [made, given, small, plain] = await Promise.all([
  mockInstallation(
    'beside-domain',
    variablesFrom({ ...besideDomainToo, ...valuesOf(besideDomain) }),
    provider,
  ),
  mockInstallation('in-given-vpc', variablesFrom({ image_tag, ...valuesOf(inGivenVpc) }), provider),
  mockInstallation('in-small-profile', variablesFrom({ image_tag, ...valuesOf(inSmallProfile) }), provider),
  mockInstallation('plain', { image_tag }, provider),
]);

t.test('no variable that the root hands on is left out, nor any part of one', async (t) => {
  const ofServices = declared('modules/settings').filter(({ attributes }) => attributes.length > 0);
  t.ok(ofServices.length > 0);
  const parts = ofServices.flatMap(({ name, attributes }) =>
    attributes.map((part) => `${name}.${part.name}`),
  );
  const own = declared('.').filter(({ type }) => type !== 'any');
  const tested = Object.entries({ ...besideDomain, ...inGivenVpc, ...inSmallProfile }).flatMap(
    ([path, { value }]) =>
      ofServices.some(({ name }) => name === path)
        ? Object.keys(value as object).map((part) => `${path}.${part}`)
        : [path],
  );
  for (const path of [...own.map(({ name }) => name), ...parts]) t.ok(tested.includes(path), path);
});

/** By service, the end of the name of each alarm that rolls its deployment back. */
const ROLL_BACK: Readonly<Record<string, readonly string[]>> = {
  'url-issuer': ['url-issuer-server-errors', 'url-issuer-task-failures', 'load-balancer-errors'],
  acceptor: ['upload-events-dead-letter', 'acceptor-task-failures'],
  processor: ['accepted-events-dead-letter', 'processor-task-failures'],
  'webhook-sender': ['webhook-sender-task-failures'],
};

t.test('the alarms that roll back a deployment are those of its own service', async (t) => {
  for (const [service, expected] of Object.entries(ROLL_BACK)) {
    const alarms = made.at(`module.service["${service}"].aws_ecs_service.this`, 'alarms', 0);
    t.match(alarms, { enable: true, rollback: true }, service);
    const { alarm_names } = alarms as { readonly alarm_names: readonly string[] };
    t.strictSame([...alarm_names].sort(), expected.map((name) => `readings-${name}`).sort(), service);
  }
});

t.test('api-errors rolls back where a load balancer keeps requests from a task that stops', async (t) => {
  const rolledBackBy = (installation: MockedInstallation) =>
    JSON.stringify(
      installation.at('module.service["url-issuer"].aws_ecs_service.this', 'alarms', 0, 'alarm_names'),
    );
  t.match(rolledBackBy(plain), '-api-errors"');
  t.match(rolledBackBy(small), 'url-issuer-task-failures"');
  t.notMatch(rolledBackBy(small), 'api-errors', 'without one, each deployment causes some');
});

t.test('AWS takes every description, of each of these installations', async (t) => {
  for (const installation of [made, given, small, plain]) {
    const { count, refused } = boundedDescriptions(installation.module());
    t.ok(count > 20);
    t.strictSame(refused, []);
  }
});

readBack(besideDomain, made, plain);
readBack(inGivenVpc, given, plain);
readBack(inSmallProfile, small, plain);

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
