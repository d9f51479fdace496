import { S3Error } from '../../s3-error.ts';
import type { CorsRule } from '../../storage/bucket.ts';
import { answerXml } from '../answers.ts';
import type { Operation } from '../call.ts';
import { type XmlElement, xmlDocument } from '../xml.ts';

/** Amazon S3 API Reference, "GetBucketCors". */
export const getBucketCors: Operation = async ({ bucket, response }, { storage }) => {
  const { corsRules } = storage.bucket(bucket);
  if (corsRules.length === 0) {
    throw new S3Error('NoSuchCORSConfiguration', 404, 'The CORS configuration does not exist', {
      BucketName: bucket,
    });
  }
  answerXml(response, xmlDocument('CORSConfiguration', corsRules.map(ruleElement)));
};

function ruleElement(rule: CorsRule): XmlElement {
  const each = (name: string, values: readonly string[]) => values.map((value): XmlElement => [name, value]);
  return [
    'CORSRule',
    [
      rule.id === undefined ? undefined : ['ID', rule.id],
      ...each('AllowedOrigin', rule.allowedOrigins),
      ...each('AllowedMethod', rule.allowedMethods),
      ...each('AllowedHeader', rule.allowedHeaders),
      ...each('ExposeHeader', rule.exposeHeaders),
      rule.maxAgeSeconds === undefined ? undefined : ['MaxAgeSeconds', rule.maxAgeSeconds],
    ],
  ];
}
