import fc from 'fast-check';
import { XMLBuilder, XMLParser } from 'fast-xml-parser';
import t from 'tap';
import { readXml } from '../src/read-xml.ts';

const textsIn = (xml: string) => Object.fromEntries(readXml(xml)?.texts ?? []);

t.test('S3’s error document is read', async (t) => {
  const xml =
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Invalid according to Policy: Policy Condition failed: [&quot;eq&quot;, &quot;$key&quot;, &quot;a&amp;b&quot;]</Message><RequestId>656c76696e6727732072657175657374</RequestId><HostId/></Error>';
  t.equal(readXml(xml)?.root, 'Error');
  t.strictSame(textsIn(xml), {
    Code: 'AccessDenied',
    Message: 'Invalid according to Policy: Policy Condition failed: ["eq", "$key", "a&b"]',
    RequestId: '656c76696e6727732072657175657374',
    HostId: '',
  });
});

t.test('a byte order mark, a comment, attributes and numbered characters are read', async (t) => {
  const xml =
    '\ufeff<!-- one - two --><Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a=\'1\'> <Code> A&#66;&#x1F600;&#x110000;&unknown; </Code> </Error>\n';
  t.strictSame(textsIn(xml), { Code: 'AB\u{1f600}&#x110000;&unknown;' });
});

t.test('only an element that occurs once, and holds nothing but text, has a text', async (t) => {
  t.strictSame(
    textsIn(
      '<Error><Code>A</Code><Code>B</Code><Code>C</Code><Detail>x<Code>D</Code></Detail><Message>m</Message></Error>',
    ),
    { Message: 'm' },
  );
});

t.test('what is not one well-formed document is none', async (t) => {
  for (const text of [
    '',
    ' ',
    'Error',
    '<Error>',
    '<Error><Code>AccessDenied</Code>',
    '<Error><Code>AccessDenied</Error></Code>',
    '<Error></Error><Error></Error>',
    '<Error></Error>more',
    'before<Error></Error>',
    '</Error>',
    '<!DOCTYPE html><Error><Code>AccessDenied</Code></Error>',
    '<Error><![CDATA[<Code>AccessDenied</Code>]]></Error>',
    '<html><p>one<br>two</p></html>',
    '<Error a=b></Error>',
    '<Error',
    '<Error><Code>a < b</Code></Error>',
    '{"Error":{"Code":"AccessDenied"}}',
  ])
    t.equal(readXml(text), undefined, text);
});

t.test('any flat document is read as fast-xml-parser reads it', async (t) => {
  const builder = new XMLBuilder({ ignoreAttributes: true, format: false });
  const parser = new XMLParser({ ignoreAttributes: true, parseTagValue: false });
  const name = fc.stringMatching(/^[A-Z][A-Za-z]{0,12}$/);
  // Without spaces at both ends, which are not part of a text, and as XML can carry it.
  const text = fc.string({ unit: 'grapheme' }).map((any) => any.replace(/\p{Cc}/gu, ' ').trim());
  fc.assert(
    fc.property(name, fc.dictionary(name, text, { noNullPrototype: true, minKeys: 1 }), (root, texts) => {
      const xml = builder.build({ [root]: texts });
      const [expected] = Object.values(parser.parse(xml)) as [unknown];
      t.strictSame(readXml(xml)?.root, root);
      t.strictSame(textsIn(xml), typeof expected === 'object' ? expected : texts);
    }),
  );
});

t.test('a long response that is no document is refused at once', async (t) => {
  for (const text of [
    '<!--'.repeat(16_000),
    '<a '.repeat(20_000),
    `<a ${'b="c" '.repeat(10_000)}`,
    '<a>'.repeat(20_000),
    `<!--${'-'.repeat(64_000)}`,
    '&#x'.repeat(20_000),
  ])
    t.equal(readXml(text), undefined);
});
