//! Stages 1 to 5: what v1 has.

use super::{Law, Stage};

const FIXED: &str = "versions/v1-fixed.md";
const STOPPING: &str = "versions/v1-stopping.md";

pub(super) static THREADS_AND_A_QUEUE: Stage = Stage {
    number: 1,
    title: "threads and a queue",
    page: "yours/1-threads-and-a-queue.md",
    version: 1,
    laws: &[
        Law {
            name: "tasks_run",
            says: "An accepted task runs, on a thread of the pool.",
            means: "Nobody takes the tasks out of the queue, or there are no threads yet. If the \
                    threads are there: did they end because the sending end of the queue is gone?",
            chapter: FIXED,
        },
        Law {
            name: "all_threads_work",
            says: "As many tasks run at the same time as there are threads.",
            means: "A lock is held while a task runs. The guard of `lock()` in a `while let` or a \
                    `match` lives to the end of the block: take the task out in a `let` of its own.",
            chapter: "versions/v1-fixed.md#the-experiment-that-everybody-has-run",
        },
        Law {
            name: "no_more_threads_than_asked",
            says: "Threads are used again, and there are no more than were asked for.",
            means: "A thread is started for each task. Start them in `Pool::new`, and let each \
                    take tasks in a loop.",
            chapter: "concepts/a-thread-per-task.md",
        },
        Law {
            name: "drop_waits",
            says: "When the pool is dropped, what it has accepted runs, and then its threads end.",
            means: "`Drop` has to tell the workers that nothing more comes, and to join them \
                    afterwards. If it hangs: the workers still wait for tasks, since the sending \
                    end of the queue is dropped only after the join; or the drop holds the lock \
                    while it joins; or a worker leaves when it is told to, and not when the queue \
                    is empty.",
            chapter: STOPPING,
        },
        Law {
            name: "exactly_once",
            says: "An accepted task runs once. Never lost, never twice.",
            means: "If tasks are lost: workers leave when they are told to stop, and not when the \
                    queue is empty; or the drop of the pool does not wait. If one runs twice: it \
                    is looked at and taken out in two steps, with the lock given back in between. \
                    A worker may wake and find nothing: another was quicker. `while`, not `if`, \
                    around `wait`. If it hangs: the drop has to wake all workers: `notify_all`.",
            chapter: FIXED,
        },
    ],
};

pub(super) static HANDING_BACK: Stage = Stage {
    number: 2,
    title: "refusing, and handing back",
    page: "yours/2-refusing-and-handing-back.md",
    version: 1,
    laws: &[
        Law {
            name: "bounded",
            says: "No more tasks are queued than there are places.",
            means: "The queue has no bound: `mpsc::channel` and a plain `VecDeque` grow for ever. \
                    If one too few is accepted: tasks that run have left the queue, and hold no \
                    place.",
            chapter: FIXED,
        },
        Law {
            name: "handed_back",
            says: "A refused task comes back to its owner, with the reason, and has not run.",
            means: "The closure was dropped, or run. Put it into the error: a channel's \
                    `try_send` gives it back inside of its own.",
            chapter: "versions/v1-fixed.md",
        },
        Law {
            name: "a_place_comes_free",
            says: "A task that has begun holds no place in the queue.",
            means: "Places are counted and not given back, or only when the task ends.",
            chapter: FIXED,
        },
        Law {
            name: "bad_input",
            says: "What makes no pool is an error, and no panic.",
            means: "Look at the numbers before anything is started. A channel or a vector with \
                    `usize::MAX` places panics: refuse so many, or let the queue grow as it fills.",
            chapter: "strategies/queues.md",
        },
        Law {
            name: "the_error_is_one",
            says: "`?` takes the error, into any box.",
            means: "`Rejected` needs `Display` and `Error`, and has to be `Send + Sync`. A boxed \
                    closure is not `Sync`; a `Mutex` around it is.",
            chapter: FIXED,
        },
    ],
};

pub(super) static BACK_PRESSURE: Stage = Stage {
    number: 3,
    title: "back-pressure, and its time-out",
    page: "yours/3-back-pressure.md",
    version: 1,
    laws: &[
        Law {
            name: "back_pressure",
            says: "On a full queue `execute` waits, and goes on when a place comes free.",
            means: "If it does not wait: it is still `try_execute`. If it hangs: whoever takes a \
                    task out has to wake a submitter, and a submitter must not hold, while it \
                    waits, the lock that the workers need. With one condition variable the signal \
                    may have woken the wrong one: two of them, or `notify_all`.",
            chapter: FIXED,
        },
        Law {
            name: "a_timeout_is_kept",
            says: "A time-out comes, and not early, and the task comes back.",
            means: "A condition variable wakes without a reason now and then, and for others' \
                    reasons: look at the clock again, and wait for what is left of the time.",
            chapter: FIXED,
        },
        Law {
            name: "a_timeout_is_one",
            says: "A time-out does not begin again when a place comes free and another takes it.",
            means: "`wait_timeout` is called in a loop with the whole time. Compute the deadline \
                    once, in front of the loop, and wait for what is left of it.",
            chapter: FIXED,
        },
        Law {
            name: "a_place_ends_the_wait",
            says: "A submitter sleeps until a place comes free, and goes on then.",
            means: "It sleeps, and looks then, once or again and again. It has to wait on what the \
                    workers signal.",
            chapter: FIXED,
        },
        Law {
            name: "no_ghosts",
            says: "Whoever gave up takes no place later, and none of their tasks runs.",
            means: "The task was in the queue already, or its submitter still counts as one that \
                    waits, and the signal meant for another goes to it.",
            chapter: FIXED,
        },
        Law {
            name: "the_ends_of_time",
            says: "No time and all the time are times as well.",
            means: "`Instant::now() + Duration::MAX` panics: `checked_add` does not, and `None` \
                    of it means for ever.",
            chapter: FIXED,
        },
        Law {
            name: "spares_workers",
            says: "On a worker, neither `execute` nor `execute_timeout` waits for a place in the \
                   worker's own pool.",
            means: "All workers may wait for a place that only a worker can free. The pool has to \
                    know its own threads, and to refuse there at once, if the queue is full. With \
                    a free place a worker's task is accepted as always.",
            chapter: "versions/v4-waiting-for-its-own-pool.md",
        },
    ],
};

pub(super) static WAITING: Stage = Stage {
    number: 4,
    title: "waiting",
    page: "yours/4-waiting.md",
    version: 1,
    laws: &[
        Law {
            name: "unused_is_idle",
            says: "Where there is nothing to wait for, a wait returns.",
            means: "It waits for a signal that has been, or never comes. Look at the count first, \
                    under its lock, and sleep only while it is not zero.",
            chapter: STOPPING,
        },
        Law {
            name: "done_means_done",
            says: "When a wait returns, the tasks have finished and their closures are dropped.",
            means: "The count goes up too late, when a worker may already have run the task; or \
                    it goes down too early, before the closure is dropped. A count of tasks in \
                    the queue is not enough: tasks that run are in no queue.",
            chapter: STOPPING,
        },
        Law {
            name: "a_wait_waits",
            says: "What runs is waited for, and what is queued.",
            means: "The wait looks at the queue alone, or only at what runs.",
            chapter: STOPPING,
        },
        Law {
            name: "all_waiters_wake",
            says: "All who wait are woken.",
            means: "`notify_one` wakes one of them. Or a waiter looks, and is not yet asleep when \
                    the signal comes: look and sleep under one lock.",
            chapter: STOPPING,
        },
        Law {
            name: "a_group_is_its_own",
            says: "A group is waited for without the others, again and again.",
            means: "The group uses the count of the pool, or its own count is not raised by each \
                    of its tasks.",
            chapter: STOPPING,
        },
        Law {
            name: "children_count",
            says: "What a task submits while it runs is waited for, too.",
            means: "The count is zero for a moment between the parent and the child. A parent is \
                    unfinished while it submits: count it down last of all.",
            chapter: STOPPING,
        },
        Law {
            name: "waiting_for_oneself_panics",
            says: "To wait for the own pool, on one of its workers, is a panic and no hang.",
            means: "The task waits for itself. Know the own threads, as for back-pressure, and \
                    panic with a clear message.",
            chapter: STOPPING,
        },
    ],
};

pub(super) static SHUTTING_DOWN: Stage = Stage {
    number: 5,
    title: "shutting down",
    page: "yours/5-shutting-down.md",
    version: 1,
    laws: &[
        Law {
            name: "shutdown_drains",
            says: "What was accepted runs, and then the threads end.",
            means: "Workers that see the stop leave at once. They have to empty the queue first. \
                    `threads()` is the number of threads that live.",
            chapter: STOPPING,
        },
        Law {
            name: "closed_means_closed",
            says: "After the shutdown everything is refused, and comes back.",
            means: "The queue is still open, or to submit to a closed one panics. The same look \
                    that finds it full has to find it closed, under the same lock.",
            chapter: STOPPING,
        },
        Law {
            name: "shutdown_by_many",
            says: "It may be called again, and by many at once; whoever returns finds the threads \
                   gone.",
            means: "The first takes the handles to join them, and the second finds none and \
                    returns too early. Hold their lock while joining.",
            chapter: STOPPING,
        },
        Law {
            name: "waiting_submitters_return",
            says: "Whoever waits for a place is sent away, although no place comes free.",
            means: "The shutdown wakes the workers and not the submitters; or a submitter holds \
                    the lock, or the sending end, that the shutdown needs.",
            chapter: STOPPING,
        },
        Law {
            name: "shutdown_by_a_task",
            says: "A task may shut its own pool down, and drop the last of it.",
            means: "A thread joins itself: that is a panic, or a wait for ever. On a worker, \
                    close the queue and join nobody.",
            chapter: STOPPING,
        },
        Law {
            name: "the_threads_are_gone",
            says: "On return the threads have ended, to their last destructor.",
            means: "The wait is for a count or for a message. Only a join waits for the values \
                    that a thread keeps for itself.",
            chapter: STOPPING,
        },
    ],
};
