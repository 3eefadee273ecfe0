export function total(prices: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i <= prices.length; i++) {
    // ruleid: js-off-by-one
    sum += prices[i];
  }
  for (let i = 0; i < prices.length; i++) {
    // ok: js-off-by-one
    sum += prices[i];
  }
  for (let i = 1; i <= prices.length; i++) {
    // ok: js-off-by-one
    sum += prices[i - 1];
  }
  return sum;
}

export function names(users: User[]): string[] {
  const out: string[] = [];
  let i = 0;
  while (i <= users.length) {
    // ruleid: js-off-by-one
    out.push(users[i].name);
    i++;
  }
  for (let at = 1; at <= out.length; at += 1) {
    // ruleid: js-off-by-one
    out[at] += ",";
  }
  for (let at = 0; at <= out.length; at++) {
    // ok: js-off-by-one
    use(out[at] ?? "");
  }
  return out;
}
