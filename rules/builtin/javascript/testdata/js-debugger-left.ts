function charge(card) {
  // ruleid: js-debugger-left
  debugger;
  if (card.debug) {
    // ruleid: js-debugger-left
    debugger;
  }
  // ok: js-debugger-left
  const debuggers = [];
  // ok: js-debugger-left
  debug("charge", card);
  // ok: js-debugger-left
  this.debugger.stop();
}

const refund = () => {
  // ruleid: js-debugger-left
  debugger
};
