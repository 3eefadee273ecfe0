function hits(value) {
  // ruleid: js-classic-mistake
  if (value === NaN) return 0;
  // ruleid: js-classic-mistake
  if (value !== []) return 1;
  // ruleid: js-classic-mistake
  return typeof value === "array";
}

function silences(value) {
  // ok: js-classic-mistake
  if (Number.isNaN(value)) return 0;
  // ok: js-classic-mistake
  if (value.length === 0) return 1;
  // ok: js-classic-mistake
  return typeof value === "object" || typeof value === kind;
}
