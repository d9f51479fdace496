export { consumerChecks, consumerFields, consumerSettingsFrom, evidenceFields } from './config-fields.ts';
export { type ConsumerServiceOptions, observeConsumer, startConsumerService } from './consumer-service.ts';
export { createMessageTraces, type MessageTraces } from './message-traces.ts';
