export { consumerChecks, consumerFields, evidenceFields } from './config-fields.ts';
export { type ConsumerServiceOptions, observeConsumer, startConsumerService } from './consumer-service.ts';
