//! Why there is no result: what the handle says, and who hears of a panic.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use crate::common::{OpenOnDrop, Watchdog};
use crate::scenes::{How, OnDrop, block, counts, how, on_worker};
use v5_futures::{CancelToken, JoinError, Pool, Task};

/// A pool of one worker that writes down what its handler is told.
fn with_handler(watchdog: &Watchdog) -> (Arc<Pool>, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&told);
    let pool = Pool::builder()
        .threads(1)
        .queue_capacity(8)
        .panic_handler(move |payload| {
            let text = payload.downcast_ref::<&str>().unwrap_or(&"something else");
            tell.lock().unwrap().push((*text).to_owned());
        });
    (watchdog.watch(pool.build().unwrap()), told)
}

/// A payload that panics when it is dropped, with a payload that does so too.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
        panic_any(Bomb(Arc::clone(&self.0)));
    }
}

fn error_of<T>(result: Result<T, JoinError>) -> JoinError {
    result.map(|_| ()).unwrap_err()
}

#[test]
fn an_error_says_why_there_is_no_result() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let panics: [Box<dyn FnOnce() + Send>; 3] = [
        Box::new(|| panic!("the disk is full")),
        Box::new(|| panic!("{} disks are full", 2)),
        Box::new(|| panic_any(3)),
    ];
    let texts = panics.map(|task| {
        let error = pool.spawn(task).unwrap().join().unwrap_err();
        assert!(error.is_panic() && !error.is_cancelled() && !error.is_abandoned());
        assert_eq!(format!("{error:?}"), format!("JoinError({error})"));
        error.to_string()
    });
    let expected = [
        "the task panicked: the disk is full",
        "the task panicked: 2 disks are full",
        "the task panicked",
    ];
    assert_eq!(texts, expected);

    let (task, handle) = Task::with_handle(|| ());
    assert!(handle.cancel());
    drop(task);
    let error = handle.join().unwrap_err();
    assert!(error.is_cancelled() && !error.is_panic() && !error.is_abandoned());
    assert_eq!(
        error.to_string(),
        "the task was cancelled before it started"
    );
    assert!(error.source().is_none());

    let (task, handle) = Task::with_handle(|| ());
    drop(task);
    let error = handle.join().unwrap_err();
    assert!(error.is_abandoned() && !error.is_panic() && !error.is_cancelled());
    assert_eq!(error.to_string(), "the task was dropped without having run");
    assert_eq!(format!("{error:?}"), format!("JoinError({error})"));
}

#[test]
fn what_a_task_panicked_with_comes_back_and_can_go_on() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let fails = || {
        let handle = pool.spawn(|| panic_any(vec![1, 2, 3])).unwrap();
        handle.join()
    };
    let payload = fails().unwrap_err().into_panic();
    assert_eq!(*payload.downcast::<Vec<i32>>().unwrap(), [1, 2, 3]);
    let payload = fails().unwrap_err().try_into_panic().unwrap();
    assert!(payload.is::<Vec<i32>>());
    let here = catch_unwind(AssertUnwindSafe(|| {
        resume_unwind(fails().unwrap_err().into_panic())
    }));
    let here = here.unwrap_err();
    assert_eq!(*here.downcast::<Vec<i32>>().unwrap(), [1, 2, 3]);
}

#[test]
fn an_error_without_a_panic_has_none_to_give() {
    let abandoned = || {
        let (task, handle) = Task::with_handle(|| ());
        drop(task);
        handle.join().unwrap_err()
    };
    assert!(abandoned().try_into_panic().unwrap_err().is_abandoned());
    let panic = catch_unwind(|| abandoned().into_panic()).unwrap_err();
    assert_eq!(
        *panic.downcast::<String>().unwrap(),
        "there is no panic in this error: the task was dropped without having run",
    );
}

#[test]
fn a_panic_is_told_once_to_the_handle_or_if_there_is_none_to_the_handler() {
    let watchdog = Watchdog::start();
    let (pool, told) = with_handler(&watchdog);
    let gate = block(&pool);
    let _open = OpenOnDrop(&gate);
    let joined = pool.spawn(|| panic!("joined")).unwrap();
    drop(pool.spawn(|| panic!("detached")).unwrap());
    let dropped_late = pool.spawn(|| panic!("dropped late")).unwrap();
    pool.execute(|| panic!("without a handle")).unwrap();
    gate.open();
    assert_eq!(how(joined), How::Panicked);
    pool.wait_idle();
    assert_eq!(*told.lock().unwrap(), ["detached", "without a handle"]);
    // The panic was in this handle, and nobody asked for it.
    drop(dropped_late);
    assert_eq!(told.lock().unwrap().last().unwrap(), "dropped late");
    assert_eq!(told.lock().unwrap().len(), 3);
    assert_eq!((pool.stats().panicked, pool.threads()), (4, 1));
}

#[test]
fn a_panic_of_a_task_that_runs_in_place_goes_to_who_joins_it() {
    let watchdog = Watchdog::start();
    let (pool, told) = with_handler(&watchdog);
    on_worker(&pool, |pool| {
        let child = pool.spawn(|| panic!("in place")).unwrap();
        assert_eq!(
            child.join().unwrap_err().to_string(),
            "the task panicked: in place"
        );
    });
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((stats.panicked, stats.completed), (1, 1));
    assert!(told.lock().unwrap().is_empty());
}

/// Where the payload goes it is dropped, and that panics. Nobody else has to bear it.
#[test]
fn a_payload_that_panics_when_dropped_harms_only_who_drops_it() {
    let watchdog = Watchdog::start();
    let (pool, told) = with_handler(&watchdog);
    let drops = Arc::new(AtomicUsize::new(0));
    let fails = || {
        let bomb = Bomb(Arc::clone(&drops));
        move || panic_any(bomb)
    };
    // Nobody has the handle: the worker drops it.
    let gate = block(&pool);
    drop(pool.spawn(fails()).unwrap());
    gate.open();
    pool.wait_idle();
    assert_eq!((drops.load(SeqCst), told.lock().unwrap().len()), (1, 1));
    // The caller drops the error.
    let error = pool.spawn(fails()).unwrap().join();
    let panic = catch_unwind(AssertUnwindSafe(|| drop(error)));
    std::mem::forget(panic);
    // The caller drops the handle: then the handler is told, and the pool drops it.
    let handle = pool.spawn(fails()).unwrap();
    pool.wait_idle();
    drop(handle);
    assert_eq!((drops.load(SeqCst), told.lock().unwrap().len()), (3, 2));
    assert_eq!(pool.spawn(|| 42).unwrap().join().unwrap(), 42);
    assert_eq!((pool.stats().panicked, pool.stats().spawned), (3, 1));
}

/// Whatever the closure captured is dropped when it has been called: that is a part of the task.
#[test]
fn a_task_panics_if_what_it_captured_does_when_it_has_run() {
    let watchdog = Watchdog::start();
    let (pool, told) = with_handler(&watchdog);
    let captured = OnDrop::new(|| panic!("captured"));
    let handle = pool
        .spawn(move || {
            let _captured = &captured;
            42
        })
        .unwrap();
    assert_eq!(
        handle.join().unwrap_err().to_string(),
        "the task panicked: captured"
    );
    assert!(told.lock().unwrap().is_empty());
}

/// It has not run, so the handle is told that. The panic must be heard of all the same.
#[test]
fn what_a_cancelled_task_captured_may_panic_when_dropped() {
    let watchdog = Watchdog::start();
    let (pool, told) = with_handler(&watchdog);
    let captures = || {
        let captured = OnDrop::new(|| panic!("captured"));
        Task::with_handle(move || drop(captured))
    };
    let gate = block(&pool);
    let token = CancelToken::new();
    let (task, by_token) = captures();
    pool.execute_with(&token, task).unwrap();
    let (task, by_handle) = captures();
    pool.execute(task).unwrap();
    assert!(by_handle.cancel());
    token.cancel();
    gate.open();
    assert_eq!([how(by_token), how(by_handle)], [How::Cancelled; 2]);
    pool.wait_idle();
    assert_eq!(*told.lock().unwrap(), ["captured", "captured"]);
    assert_eq!((pool.stats().cancelled, pool.stats().panicked), (2, 0));

    // Whoever drops a task hears of it directly.
    let (task, handle) = captures();
    let panic = catch_unwind(AssertUnwindSafe(|| drop(task))).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "captured");
    assert_eq!(how(handle), How::Abandoned);
}

#[test]
fn a_task_that_its_owner_runs_panics_there_only_if_nobody_has_the_handle() {
    let (task, handle) = Task::with_handle(|| panic!("run by its owner"));
    task.run();
    assert_eq!(how(handle), How::Panicked);
    let (task, handle) = Task::with_handle(|| panic!("run by its owner"));
    drop(handle);
    let panic = catch_unwind(AssertUnwindSafe(|| task.run())).unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "run by its owner");
}

#[test]
fn a_group_that_fails_fast_cancels_what_was_spawned_after_a_panic() {
    let watchdog = Watchdog::start();
    let (pool, _) = with_handler(&watchdog);
    let gate = block(&pool);
    let _open = OpenOnDrop(&gate);
    let runs = Arc::new(AtomicUsize::new(0));
    let group = pool.group().fail_fast();
    let first = group.spawn(counts(&runs, ())).unwrap();
    let fails = group.spawn(|| panic!("the disk is full")).unwrap();
    let later: Vec<_> = (0..3)
        .map(|_| group.spawn(counts(&runs, ())).unwrap())
        .collect();
    let other = pool.spawn(counts(&runs, ())).unwrap();
    gate.open();
    let report = group.wait();
    assert_eq!(
        (report.completed, report.panicked, report.cancelled),
        (1, 1, 3)
    );
    assert_eq!(
        [how(first), how(fails), how(other)],
        [How::Done, How::Panicked, How::Done]
    );
    assert!(
        later
            .into_iter()
            .all(|handle| how(handle) == How::Cancelled)
    );
    assert_eq!(runs.load(SeqCst), 2);
    assert!(group.spawn(|| ()).is_err());
}

/// In place as on another worker.
#[test]
fn a_group_that_fails_fast_cancels_what_is_joined_on_a_worker() {
    let watchdog = Watchdog::start();
    let (pool, told) = with_handler(&watchdog);
    let group = Arc::new(pool.group().fail_fast());
    let inside = Arc::clone(&group);
    let hows = on_worker(&pool, move |_| {
        let tasks: [fn(); 3] = [|| (), || panic!("the disk is full"), || ()];
        let children = tasks.map(|task| inside.spawn(task).unwrap());
        children.map(how)
    });
    assert_eq!(hows, [How::Done, How::Panicked, How::Cancelled]);
    let report = group.wait();
    assert_eq!(
        (report.completed, report.panicked, report.cancelled),
        (1, 1, 1)
    );
    assert!(told.lock().unwrap().is_empty());
}

#[test]
fn an_error_keeps_what_it_has_until_it_is_asked() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 8).unwrap());
    let drops = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&drops);
    let payload = OnDrop::new(move || {
        count.fetch_add(1, SeqCst);
    });
    let error = error_of(pool.spawn(move || panic_any(payload)).unwrap().join());
    pool.shutdown();
    drop(pool);
    let error: Box<dyn Error + Send + Sync> = Box::new(error);
    assert_eq!(
        (drops.load(SeqCst), error.to_string().as_str()),
        (0, "the task panicked")
    );
    drop(error);
    assert_eq!(drops.load(SeqCst), 1);
}
