app.get("/", (req, res) => {
  // ruleid: js-log-injection
  logger.info("name " + req.query.name);
  // ruleid: js-log-injection
  logger.warn(`name ${req.body.name}`);
  // ruleid: js-log-injection
  req.log.error("id " + req.params.id);
  // ok: js-log-injection
  logger.info({ name: req.query.name }, "seen");
  // ok: js-log-injection
  logger.info("name " + JSON.stringify(req.query.name));
  // ok: js-log-injection
  logger.info("page " + Number(req.query.page));
});
