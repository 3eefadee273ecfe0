function failed(err, req, res) {
  // ruleid: js-error-details
  res.send(err.stack);
  // ruleid: js-error-details
  res.status(500).json({ error: err.message, stack: err.stack });
  // ruleid: js-error-details
  res.end("failed: " + err.stack);
  // ok: js-error-details
  res.status(500).json({ error: "internal error" });
  // ok: js-error-details
  logger.error(err.stack);
  // ok: js-error-details
  res.send(err.status);
}
