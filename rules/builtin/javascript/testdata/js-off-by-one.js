export function total(prices) {
  let sum = 0;
  for (let i = 0; i <= prices.length; i++) {
    // ruleid: js-off-by-one
    sum += prices[i];
  }
  return sum;
}

export function names(users) {
  const out = [];
  let i = 0;
  while (i <= users.length) {
    // ruleid: js-off-by-one
    out.push(users[i].name);
    i++;
  }
  return out;
}

export function join(words) {
  let out = "";
  for (let i = 1; i <= words.length; i += 1) {
    // ruleid: js-off-by-one
    out += words[i];
  }
  return out;
}

export function right(prices) {
  for (let i = 0; i < prices.length; i++) {
    // ok: js-off-by-one
    prices[i]++;
  }
  for (let i = 1; i <= prices.length; i++) {
    // ok: js-off-by-one
    prices[i - 1]--;
  }
  for (let i = 0; i <= prices.length; i++) {
    // ok: js-off-by-one
    const price = i < prices.length ? prices[i] : 0;
    // ok: js-off-by-one
    const other = prices[i] ?? 0;
    use(price, other);
  }
  for (let i = 0; i <= prices.length; i++) {
    if (i === prices.length) {
      break;
    }
    // ok: js-off-by-one
    use(prices[i]);
  }
}
