//! What the facades promise, asked of the real crates as well.
//!
//! A facade that is kinder than what it stands for hides bugs; one that is harsher invents them.

#[path = "../../../v1-fixed/tests/common/mod.rs"]
mod common;

#[path = "promises"]
mod facade {
    use model_crossbeam_channel as channel;
    use model_parking_lot as lock;
    use model_std as standard;
    use model_std_clock::time as clock;

    /// No thread can be started with this.
    fn hopeless() -> standard::thread::Builder {
        model_schedule::spawns_fail_after(0);
        standard::thread::Builder::new()
    }

    macro_rules! promises {
        ($($promise:ident),* $(,)?) => { $(
            mod $promise {
                #[test]
                fn on_many_schedules() {
                    model_schedule::explore(super::$promise, &[]);
                }
            }
        )* };
    }

    macro_rules! panics {
        ($($panic:ident: $message:literal),* $(,)?) => { $(
            mod $panic {
                #[test]
                #[should_panic(expected = $message)]
                fn on_any_schedule() {
                    model_schedule::explore(super::$panic, &[]);
                }
            }
        )* };
    }

    mod atomics;
    mod channels;
    mod clocks;
    mod locks;
    mod selects;
    mod std_channels;
    mod std_locks;
    mod threads;
}

#[path = "promises"]
#[allow(
    clippy::duplicate_mod,
    reason = "the same promises, of whatever the names stand for"
)]
mod real {
    use crossbeam_channel as channel;
    use parking_lot as lock;
    use std as standard;
    use std::time as clock;

    /// No thread can be started with this: no machine has room for its stack.
    fn hopeless() -> standard::thread::Builder {
        standard::thread::Builder::new().stack_size(isize::MAX as usize / 2)
    }

    macro_rules! promises {
        ($($promise:ident),* $(,)?) => { $(
            mod $promise {
                #[test]
                fn many_times() {
                    let _watchdog = crate::common::Watchdog::start();
                    for _ in 0..100 {
                        super::$promise();
                    }
                }
            }
        )* };
    }

    macro_rules! panics {
        ($($panic:ident: $message:literal),* $(,)?) => { $(
            mod $panic {
                #[test]
                #[should_panic(expected = $message)]
                fn once() {
                    let _watchdog = crate::common::Watchdog::start();
                    super::$panic();
                }
            }
        )* };
    }

    mod atomics;
    mod channels;
    mod clocks;
    mod locks;
    mod selects;
    mod std_channels;
    mod std_locks;
    mod threads;

    /// The facade has no clock.
    #[test]
    fn a_select_is_not_late_before_its_time() {
        let _watchdog = crate::common::Watchdog::start();
        let time = standard::time::Duration::from_millis(20);
        let (_sender, receiver) = channel::bounded::<()>(0);
        let begin = standard::time::Instant::now();
        channel::select! {
            recv(receiver) -> _ => unreachable!(),
            default(time) => assert!(begin.elapsed() >= time),
        }
        let mut select = channel::Select::new();
        select.recv(&receiver);
        let end = standard::time::Instant::now() + time;
        assert!(select.ready_deadline(end).is_err());
        assert!(standard::time::Instant::now() >= end);
        assert!(receiver.recv_deadline(end + time).is_err());
        assert!(standard::time::Instant::now() >= end + time);
    }
}
