"""The calls of the AWS CLI that `make test-aws` makes, at moto: `aws.py SERVICE OPERATION --option value …`.

The environment says where moto is (AWS_ENDPOINT_URL), as it does to the AWS CLI. An error of AWS goes to standard error, with exit code 254.
"""

import json
import os
import sys

import boto3
import jmespath
from botocore import xform_name
from botocore.exceptions import ClientError

ENDS_WITH_ERROR = 254
OF_THE_CLI = ("region", "query", "output", "max-items")


def options(words):
    """Each option with its values: none for a flag."""
    found = {}
    for word in words:
        if word.startswith("--"):
            values = found.setdefault(word[2:], [])
        else:
            values.append(word)
    return found


def value(shape, words):
    """What the words of an option stand for."""
    if shape.type_name == "boolean":
        return True
    if words[0][0] in "[{":
        return json.loads(words[0])
    if shape.type_name != "list":
        return words[0]
    if shape.member.type_name != "structure":
        return words
    # Name=group-id,Values=sg-1
    parts = [dict(part.split("=", 1) for part in word.split(",")) for word in words]
    return [{name: [of] if name == "Values" else of for name, of in part.items()} for part in parts]


def as_text(result):
    return "\t".join(result) if isinstance(result, list) else "" if result is None else str(result)


def main(service, operation, *words):
    if operation == "wait":
        # moto runs no tasks that could become stable.
        return
    if operation == "get-login-password":
        print("sesame")
        return
    given = options(words)
    region = given["region"][0] if "region" in given else os.environ["AWS_REGION"]
    client = boto3.client({"s3api": "s3"}.get(service, service), region_name=region)
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    members = {xform_name(name, "-"): (name, member) for name, member in shape.members.items()} if shape else {}
    arguments = {
        members[option][0]: value(members[option][1], of) for option, of in given.items() if option not in OF_THE_CLI
    }
    result = getattr(client, method)(**arguments)
    if "query" in given:
        result = jmespath.search(given["query"][0], result)
    print(as_text(result) if given.get("output") == ["text"] else json.dumps(result, default=str))


if sys.argv[1:] == ["--version"]:
    print("aws.py")
else:
    try:
        main(*sys.argv[1:])
    except ClientError as error:
        print(error, file=sys.stderr)
        sys.exit(ENDS_WITH_ERROR)
