"""A client as they exist: it knows the issuer's URL and its key, and must work unmodified.

Prints TAP. Run it with the environment that the acceptance suite has.
"""
import os
import tempfile

import requests

URL = os.environ["UPLOAD_ONCE_URL"] + "/getpresignedurl"
HEADERS = {"x-api-key": os.environ["UPLOAD_ONCE_API_KEY"]}
results = []


def check(what, passed):
    results.append(passed)
    print(f"{'ok' if passed else 'not ok'} {len(results)} - {what}")


def upload(form, path):
    with open(path, "rb") as file:
        return requests.post(form["url"], data=form["fields"], files={"file": file}, timeout=60)


def upload_named(form, name, content):
    return requests.post(form["url"], data=form["fields"], files={"file": (name, content)}, timeout=60)


print("TAP version 14")
response = requests.get(URL, headers=HEADERS, timeout=60)
check("the issuer responds with 200", response.status_code == 200)
check("the form's URL and fields are where they always were", "key" in response.json()["url"]["fields"])

with tempfile.NamedTemporaryFile(suffix=" Zähler.txt") as file:
    file.write(b"meter reading 42\n" * 100_000)
    file.flush()
    form = response.json()["url"]
    check("the first upload gets 204", upload(form, file.name).status_code == 204)
    check("a second one gets 204 as well: S3 does not count uploads", upload(form, file.name).status_code == 204)

form = requests.get(URL, headers=HEADERS, timeout=60).json()["url"]
check("bytes instead of a file", upload_named(form, "reading.csv", b"1;2;3").status_code == 204)

form = requests.get(URL, headers=HEADERS, timeout=60).json()["url"]
form["fields"]["key"] += "x"
check("a changed key gets 403", upload_named(form, "reading.csv", b"1;2;3").status_code == 403)

refused = requests.get(URL, timeout=60)
check("no key gets 403", refused.status_code == 403 and refused.json()["message"] == "Forbidden")

failed = results.count(False)
print(f"1..{len(results)}")
print(f"# {{ total: {len(results)}, pass: {len(results) - failed}, fail: {failed} }}")
raise SystemExit(1 if failed else 0)
