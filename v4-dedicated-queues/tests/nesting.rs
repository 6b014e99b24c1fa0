//! Nested submission: on a worker there is always a place, and nobody waits.

mod common;

use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use common::{Gate, OpenOnDrop, Watchdog, adds_one, at_exit, until};
use v4_dedicated_queues::{Builder, Load, Moment, Pool, Reason, Scaling, Stealing};

const ALL: [Stealing; 3] = [Stealing::Off, Stealing::One, Stealing::Half];

/// A pool that its own hooks know. To be emptied, or the pool and the hook keep each other.
type Known = Arc<OnceLock<Arc<Pool>>>;

/// One worker and one place.
fn narrow(watchdog: &Watchdog, settings: Builder) -> Arc<Pool> {
    let pool = settings.threads(1).queue_capacity(1);
    watchdog.watch(pool.build().unwrap())
}

fn link(pool: Arc<Pool>, left: usize, done: mpsc::Sender<()>) {
    if left == 0 {
        return done.send(()).unwrap();
    }
    let next = Arc::clone(&pool);
    pool.execute(move || link(next, left - 1, done)).unwrap();
}

#[test]
fn a_chain_of_a_hundred_thousand_tasks_runs_on_one_worker_with_one_place() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = narrow(&watchdog, Pool::builder().stealing(stealing));
        let (done, told) = mpsc::channel();
        link(Arc::clone(&pool), 100_000, done);
        told.recv().unwrap();
        pool.wait_idle();
        assert_eq!(pool.stats().completed, 100_000);
    }
}

/// Two to the power of the depth, with all that is on the way there.
fn tree(pool: &Arc<Pool>, depth: usize, leaves: &Arc<AtomicUsize>) {
    if depth == 0 {
        leaves.fetch_add(1, SeqCst);
        return;
    }
    for _ in 0..2 {
        let (inside, leaves) = (Arc::clone(pool), Arc::clone(leaves));
        pool.execute(move || tree(&inside, depth - 1, &leaves))
            .unwrap();
    }
}

#[test]
fn a_tree_of_tasks_grows_in_a_pool_of_any_size() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        for threads in [1..=1, 4..=4, 0..=3] {
            let pool = Pool::builder().threads(threads).queue_capacity(1);
            let pool = watchdog.watch(pool.stealing(stealing).build().unwrap());
            let leaves = Arc::new(AtomicUsize::new(0));
            tree(&pool, 10, &leaves);
            pool.wait_idle();
            assert_eq!((leaves.load(SeqCst), pool.queue_len()), (1024, 0));
            assert_eq!(pool.stats().completed, (1 << 11) - 2);
        }
    }
}

#[test]
fn a_task_does_not_run_inside_the_one_that_submits_it() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = narrow(&watchdog, Pool::builder().stealing(stealing));
        let (tell, told) = mpsc::channel();
        let (inside, ran) = (Arc::clone(&pool), Arc::new(AtomicUsize::new(0)));
        let task = move || {
            let held = std::sync::Mutex::new(());
            let guard = held.lock().unwrap();
            (0..10).for_each(|_| inside.execute(adds_one(&ran)).unwrap());
            tell.send(ran.load(SeqCst)).unwrap();
            drop(guard);
        };
        pool.execute(task).unwrap();
        assert_eq!(told.recv().unwrap(), 0);
        pool.wait_idle();
    }
}

/// Submits five tasks, and says how it went.
struct SubmitOnDrop(Arc<Pool>, Arc<AtomicUsize>, mpsc::Sender<bool>);

impl Drop for SubmitOnDrop {
    fn drop(&mut self) {
        let submitted = (0..5).map(|_| self.0.execute(adds_one(&self.1)));
        let all = submitted.fold(true, |all, one| all & one.is_ok());
        self.2.send(all).unwrap();
    }
}

#[test]
fn a_captured_value_or_a_payload_that_submits_when_it_is_dropped_has_a_place() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = narrow(&watchdog, Pool::builder().stealing(stealing));
        let ran = Arc::new(AtomicUsize::new(0));
        let (tell, told) = mpsc::channel();
        let value = || SubmitOnDrop(Arc::clone(&pool), Arc::clone(&ran), tell.clone());
        let [captured, unwound, payload, cancelled] = [(); 4].map(|()| value());
        pool.execute(move || drop(captured)).unwrap();
        let panics = move || {
            let _unwound = unwound;
            panic!("with a value on the stack");
        };
        pool.execute(panics).unwrap();
        pool.execute(move || panic_any(payload)).unwrap();
        // What they submit would be queued behind the gate, and leave no place for the last one.
        pool.wait_idle();
        let token = v4_dedicated_queues::CancelToken::new();
        let gate = Gate::new();
        let open = OpenOnDrop(&gate);
        gate.occupy(|task| pool.execute(task).unwrap());
        pool.execute_with(&token, move || drop(cancelled)).unwrap();
        token.cancel();
        drop(open);
        for _ in 0..4 {
            assert!(told.recv().unwrap());
        }
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), pool.stats().cancelled), (20, 1));
    }
}

#[test]
fn a_panic_handler_that_submits_has_a_place() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let (known, ran) = (Known::default(), Arc::new(AtomicUsize::new(0)));
        let (inside, count) = (Arc::clone(&known), Arc::clone(&ran));
        let settings = Pool::builder().panic_handler(move |_| {
            let pool = inside.get().unwrap();
            (0..5).for_each(|_| pool.execute(adds_one(&count)).unwrap());
            let tasks = (0..5).map(|_| adds_one(&count));
            assert_eq!(pool.try_execute_batch(tasks).unwrap(), 5);
        });
        let pool = narrow(&watchdog, settings.stealing(stealing));
        assert!(known.set(Arc::clone(&pool)).is_ok());
        for _ in 0..3 {
            pool.execute(|| panic!("told to the handler")).unwrap();
        }
        pool.wait_idle();
        assert_eq!((ran.load(SeqCst), pool.stats().panicked), (30, 3));
        pool.shutdown();
    }
}

/// Of the three workers two leave, and each of them submits what is run by the one that stays.
#[test]
fn a_stop_hook_and_the_end_of_a_thread_submit_to_those_that_stay() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let (known, ran) = (Known::default(), Arc::new(AtomicUsize::new(0)));
        let (inside, count) = (Arc::clone(&known), Arc::clone(&ran));
        let (start, at_end) = (Arc::clone(&known), Arc::clone(&ran));
        let refused = Arc::new(AtomicUsize::new(0));
        let [shut, shut_at_end] = [(); 2].map(|()| Arc::clone(&refused));
        let submit = |pool: &Pool, ran: &Arc<AtomicUsize>, refused: &AtomicUsize| {
            for _ in 0..5 {
                if let Err(rejected) = pool.execute(adds_one(ran)) {
                    assert_eq!(rejected.reason(), Reason::ShutDown);
                    refused.fetch_add(1, SeqCst);
                }
            }
        };
        let settings = Pool::builder()
            .threads(1..=3)
            .queue_capacity(1)
            .on_thread_start(move || {
                let (inside, ran) = (Arc::clone(&start), Arc::clone(&at_end));
                let refused = Arc::clone(&shut_at_end);
                at_exit(move || submit(inside.get().unwrap(), &ran, &refused));
            })
            .on_thread_stop(move || submit(inside.get().unwrap(), &count, &shut));
        let pool = watchdog.watch(settings.stealing(stealing).build().unwrap());
        assert!(known.set(Arc::clone(&pool)).is_ok());
        pool.resize(3).unwrap();
        pool.resize(1).unwrap();
        until(|| ran.load(SeqCst) == 20);
        pool.wait_idle();
        assert_eq!((pool.threads(), refused.load(SeqCst)), (1, 0));
        pool.shutdown();
        assert_eq!((ran.load(SeqCst), refused.load(SeqCst)), (20, 10));
    }
}

/// Submits on the clock's thread, for which there is always a place, too.
#[derive(Debug)]
struct Submits(Known, Arc<AtomicUsize>);

impl Scaling for Submits {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Tick
            && self.1.load(SeqCst) < 50
            && let Some(pool) = self.0.get()
        {
            (0..5).for_each(|_| pool.execute(adds_one(&self.1)).unwrap());
        }
        load.min
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

#[test]
fn a_policy_that_submits_on_its_clock_does_not_wait() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let (known, ran) = (Known::default(), Arc::new(AtomicUsize::new(0)));
        let policy = Submits(Arc::clone(&known), Arc::clone(&ran));
        let pool = narrow(
            &watchdog,
            Pool::builder().stealing(stealing).scaling(policy),
        );
        let gate = Gate::new();
        let _open = OpenOnDrop(&gate);
        gate.occupy(|task| pool.execute(task).unwrap());
        pool.execute(|| ()).unwrap();
        // The queue is full.
        assert!(known.set(Arc::clone(&pool)).is_ok());
        until(|| pool.queue_len() >= 11);
        gate.open();
        until(|| ran.load(SeqCst) >= 50);
        pool.shutdown();
    }
}

/// A worker of one pool is an outsider in another.
#[test]
fn a_worker_of_another_pool_waits_for_a_place() {
    let watchdog = Watchdog::start();
    let (pool, other) = (
        watchdog.watch(Pool::new(1, 1).unwrap()),
        Pool::new(1, 1).unwrap(),
    );
    let gate = Gate::new();
    let open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    pool.execute(|| ()).unwrap();
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    let task = move || {
        let full = inside.try_execute(|| ()).map_err(|full| full.reason());
        tell.send(full).unwrap();
        tell.send(inside.execute(|| ()).map_err(|shut| shut.reason()))
            .unwrap();
    };
    other.execute(task).unwrap();
    assert_eq!(told.recv().unwrap(), Err(Reason::Full));
    std::thread::sleep(Duration::from_millis(10));
    assert!(told.try_recv().is_err(), "it did not wait");
    drop(open);
    assert_eq!(told.recv().unwrap(), Ok(()));
}

#[test]
fn on_a_worker_a_pool_that_is_shut_down_or_cancelled_still_refuses() {
    let watchdog = Watchdog::start();
    for stealing in ALL {
        let pool = narrow(&watchdog, Pool::builder().stealing(stealing));
        let (tell, told) = mpsc::channel();
        let inside = Arc::clone(&pool);
        let task = move || {
            let reason = |pool: &Pool| {
                let batch = pool.execute_batch([|| (), || ()]).unwrap_err();
                let one = pool.execute(|| ()).unwrap_err();
                (one.reason(), batch.reason(), batch.into_tasks().len())
            };
            inside.cancel();
            tell.send(reason(&inside)).unwrap();
            inside.shutdown();
            tell.send(reason(&inside)).unwrap();
        };
        pool.execute(task).unwrap();
        let reasons = [told.recv().unwrap(), told.recv().unwrap()];
        let expected = [Reason::Cancelled, Reason::ShutDown].map(|why| (why, why, 2));
        assert_eq!(reasons, expected);
    }
}
