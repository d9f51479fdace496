export { createCloudWatchLogs } from './sources/cloudwatch-logs.ts';
export { createCloudWatchMetrics } from './sources/cloudwatch-metrics.ts';
export { createXRayTraces } from './sources/xray-traces.ts';
