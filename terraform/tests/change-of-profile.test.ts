import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readPlan, warningsOf } from '../../scripts/deploy/plan.ts';
import { createExample } from './moto/example.ts';
import type { ResourceChange } from './moto/stack.ts';
import { startMoto } from './moto/start-moto.ts';
import { repositoryFolder } from './support/folders.ts';

// The steps of docs/deploy.md, "Changing the profile", in both directions, at a stand-in of AWS. moto deletes what is protected, so it is the plan that
// is asked whether AWS would.

const moto = await startMoto();
t.teardown(() => moto.stop());

const page = readFileSync(join(repositoryFolder, 'docs/deploy.md'), 'utf8');
const [, section = ''] = /^### Changing the profile\n(.*?)^### /ms.exec(page) ?? [];
const [toSmall = '', toStandard = ''] = section.split('From `small` to `standard`:');
/** The setting of each numbered step, as `-var` takes it. */
const stepsOf = (text: string) =>
  [...text.matchAll(/^\d\. Set `(\w+) = "?(\w+)"?`/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );

const GIVEN = ['image_tag=1.0.0', 'force_destroy=true'];
const installation = createExample('.', GIVEN, moto.endpoint);
t.teardown(() => installation.forget());

/** What the steps up to now have set. */
const settings: Record<string, string> = { profile: 'standard', deletion_protection: 'true' };
const variables = () => Object.entries(settings).map(([name, value]) => `${name}=${value}`);

const planned = async () => {
  const json = await installation.plan(...variables());
  const { resource_changes } = JSON.parse(json) as { readonly resource_changes: readonly ResourceChange[] };
  const changes = resource_changes.filter(({ change }) => change.actions.join() !== 'no-op');
  const goes = changes.filter(({ change }) => change.actions.includes('delete'));
  return {
    // moto keeps no capacity providers, so that each plan would replace the services (moto/known-differences.ts).
    warnings: warningsOf(readPlan(json)).filter((line) => !line.startsWith('nothing of a service runs')),
    lasting: goes
      .map(({ address }) => address)
      .filter((address) => /^module\.(storage|registry\[0\])\./.test(address)),
    api: goes.map(({ address }) => address).filter((address) => address.includes('.aws_apigatewayv2_api.')),
    protected: goes
      .filter(({ change: { before } }) => before?.['enable_deletion_protection'] === true)
      .map(({ address }) => address),
    entry: changes.find(({ address }) => address === 'module.service["url-issuer"].aws_ecs_service.this')
      ?.change,
  };
};
const apply = async () => {
  const { exitCode, stderr } = await installation.apply(...variables());
  if (exitCode !== 0) throw new Error(stderr);
};

await apply();

t.test('from standard to small: the protection goes first, and AWS refuses nothing', async (t) => {
  const steps = stepsOf(toSmall);
  t.strictSame(
    steps.map(([name]) => name),
    ['deletion_protection', 'profile', 'deletion_protection'],
  );
  settings['profile'] = 'small';
  t.match(await planned(), { protected: ['module.endpoint.aws_lb.this[0]'] }, 'without the first step');
  settings['profile'] = 'standard';
  for (const [name, value] of steps) {
    settings[name] = value;
    const { protected: refused, lasting, api, warnings } = await planned();
    t.strictSame([...refused, ...lasting, ...api], [], `${name} = ${value}`);
    const expected = name === 'profile' ? [/"Changing the profile"/] : [];
    t.equal(warnings.length, expected.length);
    t.match(warnings, expected);
    await apply();
  }
  t.strictSame(settings, { profile: 'small', deletion_protection: 'true' });
});

t.test('from small to standard: in one step, by a call that ECS takes', async (t) => {
  const steps = stepsOf(toStandard);
  t.strictSame(steps, [['profile', 'standard']]);
  settings['profile'] = 'standard';
  const { protected: refused, lasting, api, warnings, entry } = await planned();
  t.strictSame([...refused, ...lasting, ...api, ...warnings], []);
  t.match(entry?.after, { load_balancer: [{ container_port: 8080 }] });
  t.notOk(entry?.after?.['health_check_grace_period_seconds'], 'ECS refuses one with a new load balancer');
  await apply();
});
