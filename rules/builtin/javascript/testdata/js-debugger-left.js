function charge(card) {
  // ruleid: js-debugger-left
  debugger;
  // ok: js-debugger-left
  debug("charge", card);
  // ok: js-debugger-left
  this.debugger.stop();
}
