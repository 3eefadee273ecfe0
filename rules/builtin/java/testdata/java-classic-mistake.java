class Sample {
    void hits(Runnable job, Thread worker) {
        // ruleid: java-classic-mistake
        new Thread(job).run();
        // ruleid: java-classic-mistake
        worker.run();
        // ruleid: java-classic-mistake
        BigDecimal tax = new BigDecimal(0.19);
    }

    void silences(Runnable job, Thread worker) {
        // ok: java-classic-mistake
        job.run();
        // ok: java-classic-mistake
        worker.start();
        // ok: java-classic-mistake
        BigDecimal tax = new BigDecimal("0.19").add(new BigDecimal(0.5));
    }
}
