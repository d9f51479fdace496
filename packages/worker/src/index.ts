export { consumerChecks, consumerFields, consumerSettingsFrom, evidenceFields } from './config-fields.ts';
export {
  type ConsumerServiceOptions,
  type ConsumerSettings,
  observeConsumer,
  startConsumerService,
} from './consumer-service.ts';
export { createMessageTraces, type MessageTraces } from './message-traces.ts';
