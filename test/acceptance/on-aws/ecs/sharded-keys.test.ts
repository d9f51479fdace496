import { ECS } from '@aws-sdk/client-ecs';
import t from 'tap';
import { deployRevision } from '../../support/deploy-revision.ts';

// The url-issuer of the installation makes plain keys. Here its setting changes while everything runs, and the tests of sharded keys follow.
// They read from the environment which keys are expected, so they are imported after it is set.

const goBack = await deployRevision(
  new ECS({}),
  process.env.ECS_CLUSTER ?? '',
  process.env.ISSUER_SERVICE ?? '',
  { SHARDED_KEYS: 'true' },
);
t.teardown(goBack);
process.env.SHARDED_KEYS = 'true';
const { eventually } = await import('../../support/eventually.ts');
const { requestForm } = await import('../../support/forms.ts');
// The entry can know the earlier task for some seconds.
await eventually('a form with a sharded key', requestForm, ({ key }) => key.split('/').length === 3);
await import('../../sharded-keys.test.ts');
