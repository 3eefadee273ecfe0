import java.util.Map;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

class Stock {
    private final Lock lock = new ReentrantLock();
    private final Object guard = new Object();

    void take(Map<String, Integer> stock, String item) {
        // ruleid: java-lock-of-one
        synchronized (new Object()) {
            stock.merge(item, -1, Integer::sum);
        }
    }

    void add(Map<String, Integer> stock, String item) {
        Lock own = new ReentrantLock();
        // ruleid: java-lock-of-one
        own.lock();
        try {
            stock.merge(item, 1, Integer::sum);
        } finally {
            own.unlock();
        }
    }

    void drop(Map<String, Integer> stock, String item) {
        Object own = new Object();
        // ruleid: java-lock-of-one
        synchronized (own) {
            stock.remove(item);
        }
    }

    void right(Map<String, Integer> stock, String item) {
        // ok: java-lock-of-one
        lock.lock();
        try {
            stock.merge(item, 1, Integer::sum);
        } finally {
            lock.unlock();
        }
        // ok: java-lock-of-one
        synchronized (guard) {
            stock.remove(item);
        }
    }

    void spread(Runnable job) {
        Object done = new Object();
        Thread worker = new Thread(() -> {
            // ok: java-lock-of-one
            synchronized (done) {
                job.run();
            }
        });
        worker.start();
    }
}
