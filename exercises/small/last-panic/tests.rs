//! What was the last panic?

use std::panic::panic_any;
use std::sync::{Arc, Mutex, OnceLock, Weak};

use harness::{doing, laws};
use pool::Pool;

/// Waits until all is done.
fn wait(pool: &Pool) {
    doing("waits until the pool is idle", || pool.wait_idle());
}

/// Before the first panic there is nothing to tell.
fn nothing_before_the_first() {
    let pool = Pool::new(1, 4).unwrap();
    pool.execute(|| ()).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.is_none(),
        "no task has panicked, and it tells {found:?}"
    );
}

/// After `wait_idle`, the text of the panic is there, with or without something put into it.
fn the_text_is_found() {
    let pool = Pool::new(1, 4).unwrap();
    pool.execute(|| panic!("the disk is full")).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.as_deref() == Some("the disk is full"),
        "a task panicked with \"the disk is full\", and it tells {found:?}"
    );
    let page = 7;
    pool.execute(move || panic!("page {page} is torn")).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.as_deref() == Some("page 7 is torn"),
        "a task panicked with \"page {{page}} is torn\", for page 7, and it tells {found:?}"
    );
}

/// A panic of a drop counts as well.
fn a_drop_counts() {
    struct Breaks;
    impl Drop for Breaks {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let pool = Pool::new(1, 4).unwrap();
    let breaks = Breaks;
    pool.execute(move || drop(breaks)).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.as_deref() == Some("dropped"),
        "a drop panicked with \"dropped\", and it tells {found:?}"
    );
}

/// It is the newest one, also if that has no text.
fn the_newest_counts() {
    let pool = Pool::new(1, 4).unwrap();
    pool.execute(|| panic!("one")).unwrap();
    pool.execute(|| panic!("two")).unwrap();
    pool.execute(|| ()).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.as_deref() == Some("two"),
        "\"one\" was followed by \"two\", and it tells {found:?}"
    );
    pool.execute(|| panic_any(3)).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.is_none(),
        "the newest panic is a number without a text, and it tells {found:?}"
    );
}

/// A handler may ask, and finds the panic that it is told of.
fn the_handler_finds_its_own_panic() {
    let found = Arc::new(Mutex::new(Vec::new()));
    let known = Arc::new(OnceLock::<Weak<Pool>>::new());
    let (note, pool_of) = (Arc::clone(&found), Arc::clone(&known));
    let handler = move |_: &(dyn std::any::Any + Send)| {
        let pool = pool_of.get().and_then(Weak::upgrade);
        let text = doing("asks for `last_panic`, in the handler", || {
            pool.and_then(|pool| pool.last_panic())
        });
        note.lock().unwrap().push(text);
    };
    let pool = Pool::builder().threads(1).panic_handler(handler);
    let pool = Arc::new(pool.build().unwrap());
    known.set(Arc::downgrade(&pool)).unwrap();
    pool.execute(|| panic!("one")).unwrap();
    pool.execute(|| panic!("two")).unwrap();
    wait(&pool);
    let found = found.lock().unwrap();
    let texts: Vec<&str> = found
        .iter()
        .map(|text| text.as_deref().unwrap_or("nothing"))
        .collect();
    assert!(
        *texts == ["one", "two"],
        "the handler was told of \"one\" and then of \"two\", and found {texts:?}"
    );
}

/// What a task has panicked with may panic when it is dropped. That costs no worker.
fn a_worker_survives_its_payload() {
    struct Breaks;
    impl Drop for Breaks {
        fn drop(&mut self) {
            panic!("the payload is dropped");
        }
    }
    let pool = Pool::new(1, 4).unwrap();
    pool.execute(|| panic_any(Breaks)).unwrap();
    pool.execute(|| panic!("the next one")).unwrap();
    wait(&pool);
    let found = pool.last_panic();
    assert!(
        found.as_deref() == Some("the next one"),
        "the newest panic is \"the next one\", and it tells {found:?}"
    );
}

laws! {
    nothing_before_the_first,
    the_text_is_found,
    a_drop_counts,
    the_newest_counts,
    the_handler_finds_its_own_panic,
    a_worker_survives_its_payload,
}
