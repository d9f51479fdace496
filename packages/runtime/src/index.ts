export { traceIdOf } from '@upload-once/tracing';
export { dynamoDbClientConfig, s3ClientConfig, sqsClientConfig } from './aws-clients.ts';
export { redactBeginning } from './bounded-data.ts';
export { type ConnectionRefusal, createBoundedServer, MAX_REQUESTS_AT_ONCE } from './bounded-server.ts';
export { ConfigError, loadConfig } from './config.ts';
export { type ConfigChecks, type ConfigFinding, checkUrl } from './config-checks.ts';
export {
  awsFields,
  clientS3Fields,
  drainFields,
  healthFields,
  logFields,
  storageFields,
  tableNameRule,
  tracingFields,
} from './config-fields.ts';
export { createMetrics } from './create-metrics.ts';
export { type ConfigOf, flag, integer, optional, text } from './fields.ts';
export { startHealthServer } from './health-server.ts';
export { type Outputs, type RunningService, runService } from './lifecycle.ts';
export { lighten } from './lighten.ts';
export { createLogger, type Logger } from './logging.ts';
export { lookupName } from './lookup-name.ts';
export {
  type GaugeName,
  METRICS,
  METRICS_NAMESPACE,
  type MetricDefinition,
  type MetricName,
  type Metrics,
  type ServiceName,
} from './metrics.ts';
export { createOpenMetrics, openMetricsNameOf } from './open-metrics.ts';
export { checkOrigin, checkOrigins, entriesOf, ORIGIN_EXPECTED, ORIGINS_EXPECTED } from './origins.ts';
export { textOfThrown } from './plain-error.ts';
export { createReadiness, type Readiness } from './readiness.ts';
export { createSigningKeys } from './signing-keys.ts';
