const serialize = require("node-serialize");
const other = require("serialize-to-js");
const yaml = require("js-yaml");

function read(cookie, body, content) {
  // ruleid: js-unsafe-deserialization
  serialize.unserialize(cookie);
  // ruleid: js-unsafe-deserialization
  other.deserialize(body);
  // ruleid: js-unsafe-deserialization
  yaml.load(body.data);
  // ok: js-unsafe-deserialization
  JSON.parse(cookie);
  // ok: js-unsafe-deserialization
  yaml.load(body.data, { schema: yaml.JSON_SCHEMA });
  // ok: js-unsafe-deserialization
  serialize.serialize(body);
}
