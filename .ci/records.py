"""Checks an export of records with securesystemslib and in-toto-attestation: records.py RECORDS.jsonl KEYS.pem"""

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey


def keys_of(path):
    keys, text = [], open(path).read()
    for block in text.split("-----END PUBLIC KEY-----")[:-1]:
        pem = block[block.index("-----BEGIN") :] + "-----END PUBLIC KEY-----\n"
        public = load_pem_public_key(pem.encode())
        der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        keys.append(SSlibKey.from_crypto(public, keyid=hashlib.sha256(der).hexdigest()))
    return keys


def holds(record, keys):
    try:
        return len(Envelope.from_dict(json.loads(record)).verify(keys, 1)) == 1
    except (VerificationError, ValueError, KeyError):
        return False


def main():
    records, keys = open(sys.argv[1]).read().splitlines(), keys_of(sys.argv[2])
    assert records and keys, "there is nothing to check"
    previous, changed = {}, 0
    for record in records:
        assert holds(record, keys), "securesystemslib refuses a record"
        envelope = json.loads(record)
        payload = base64.b64decode(envelope["payload"], validate=True)
        statement = statement_pb2.Statement()
        json_format.Parse(payload, statement)
        Statement.copy_from_pb(statement).validate()
        chain = json.loads(payload)["predicate"]["chain"]
        before = previous.get(chain["installation"])
        assert chain.get("previous", {}).get("sha256") == before, "a link of the chain does not fit"
        previous[chain["installation"]] = hashlib.sha256(payload).hexdigest()
        step = max(1, len(payload) // 200)
        for i in range(0, len(payload), step):
            other = bytes([payload[i] ^ 1])
            envelope["payload"] = base64.b64encode(payload[:i] + other + payload[i + 1 :]).decode()
            assert not holds(json.dumps(envelope), keys), f"byte {i} changed, and securesystemslib accepts it"
            changed += 1
    kinds = ", ".join(sorted({k.scheme for k in keys}))
    print(f"records: {len(records)} hold under securesystemslib and in-toto-attestation ({kinds}), none of {changed} changed ones does")


main()
