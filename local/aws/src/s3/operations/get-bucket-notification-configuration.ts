import type { QueueRule } from '../../storage/bucket.ts';
import type { Operation } from '../call.ts';
import { respondXml } from '../responses.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "GetBucketNotificationConfiguration". */
export const getBucketNotificationConfiguration: Operation = async ({ bucket, response }, { storage }) => {
  const rules = storage.bucket(bucket).queueRules.map(ruleElement);
  respondXml(response, xmlDocument('NotificationConfiguration', rules));
};

function ruleElement({ id, queueArn, events, prefix, suffix }: QueueRule): XmlElement {
  const filters = [
    ['Prefix', prefix],
    ['Suffix', suffix],
  ].flatMap(([name = '', value = '']): XmlElement[] =>
    value === ''
      ? []
      : [
          [
            'FilterRule',
            [
              ['Name', name],
              ['Value', value],
            ],
          ],
        ],
  );
  return [
    'QueueConfiguration',
    [
      ['Id', id],
      ['Queue', queueArn],
      ...events.map((event): XmlElement => ['Event', event]),
      filters.length === 0 ? undefined : ['Filter', [['S3Key', filters]]],
    ],
  ];
}
