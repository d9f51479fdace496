"""An existing client, as such clients are: it asks for a form, then posts a file with it."""

import sys

import requests

issuer_url, api_key, path = sys.argv[1:]
response = requests.get(issuer_url, headers={"x-api-key": api_key})
response.raise_for_status()
form = response.json()["url"]
with open(path, "rb") as file:
    upload = requests.post(form["url"], data=form["fields"], files={"file": file})
print(upload.status_code)
