import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { ECS } from '@aws-sdk/client-ecs';
import t from 'tap';
import { deployBroken } from '../../support/deploy-broken.ts';

// A version that is healthy, and causes an alarm: nothing but the alarm rolls it back.

t.test('ECS goes back from a deployment during which one of its alarms goes off', async (t) => {
  const ecs = new ECS({});
  const cloudWatch = new CloudWatch({});
  const [cluster, service] = [process.env.ECS_CLUSTER ?? '', process.env.ECS_SERVICE ?? ''];
  const { services = [] } = await ecs.describeServices({ cluster, services: [service] });
  const alarms = services[0]?.deploymentConfiguration?.alarms;
  t.match(alarms, { enable: true, rollback: true });
  const AlarmNames = alarms?.alarmNames ?? [];
  const { MetricAlarms = [] } = await cloudWatch.describeAlarms({ AlarmNames });
  t.equal(MetricAlarms.length, AlarmNames.length, 'each alarm of the deployment is there');
  // ECS ignores an alarm that is on when the deployment begins.
  const AlarmName = MetricAlarms.find(({ StateValue }) => StateValue !== 'ALARM')?.AlarmName;
  const set = (StateValue: 'OK' | 'ALARM') =>
    cloudWatch.setAlarmState({ AlarmName, StateValue, StateReason: 'a trial of the rollback' });
  const broken = await deployBroken(ecs, {
    ...{ cluster, service },
    environment: { LOG_LEVEL: 'debug' },
    // CloudWatch evaluates it again each minute, and ends it.
    whileItGoesOn: () => set('ALARM'),
  });
  await set('OK');
  t.equal(broken.rolloutState, 'FAILED');
  t.equal(broken.running, broken.before, 'the earlier revision runs again');
});
