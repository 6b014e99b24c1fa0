//! Stages 6 to 10: what v2 to v5 add.

use super::{Law, Stage};

const PANICS: &str = "versions/v2-panics.md";
const CANCELLING: &str = "versions/v2-cancelling.md";

pub(super) static PANIC: Stage = Stage {
    number: 6,
    title: "a panic costs one task",
    page: "yours/6-a-panic-costs-one-task.md",
    version: 2,
    laws: &[
        Law {
            name: "a_panic_costs_one_task",
            says: "After panics in tasks all workers still work.",
            means: "The panic ends the loop of the worker, and its thread with it. When the last \
                    one has gone, nobody runs anything. Catch it around the task.",
            chapter: PANICS,
        },
        Law {
            name: "the_worker_stays",
            says: "They are the same threads as before.",
            means: "A new thread takes the place of the one that died: what that kept for itself \
                    is lost, and a thread is started for each panic.",
            chapter: PANICS,
        },
        Law {
            name: "hostile_values",
            says: "What a task has captured, or panics with, may panic when it is dropped.",
            means: "`catch_unwind` returns the payload, and you drop it outside of the catch. The \
                    drop of it is code of the caller, too: catch that as well, or forget it.",
            chapter: PANICS,
        },
        Law {
            name: "it_ends_well",
            says: "A pool with panics behind it ends as any other.",
            means: "`join().unwrap()` in the drop: it panics if the thread did.",
            chapter: PANICS,
        },
    ],
};

pub(super) static CANCEL: Stage = Stage {
    number: 7,
    title: "cancelling",
    page: "yours/7-cancelling.md",
    version: 2,
    laws: &[
        Law {
            name: "cancelled_in_the_queue",
            says: "A task that is cancelled in the queue does not run, and is dropped.",
            means: "Nobody looks at the token before the task starts. A clone of a token is the \
                    same token: put what they share into an `Arc`.",
            chapter: CANCELLING,
        },
        Law {
            name: "called_off_before",
            says: "Whoever comes with a cancelled token has the task back.",
            means: "The look comes only when the task would start, and then its owner has no way \
                    to get it back.",
            chapter: CANCELLING,
        },
        Law {
            name: "a_running_task_looks",
            says: "A task that runs is not stopped: it can look at its token.",
            means: "It is counted by what its token says at the end, and not by what was decided \
                    when it started.",
            chapter: CANCELLING,
        },
        Law {
            name: "cancel_is_exclusive",
            says: "A task runs or is cancelled: never both, never neither.",
            means: "The token is looked at twice, once to decide and once to count. Look once, and \
                    keep what you saw.",
            chapter: CANCELLING,
        },
        Law {
            name: "cancel_the_pool",
            says: "A cancelled pool drops what is queued, and sends those away who wait for a \
                   place.",
            means: "The submitters wait for a place and for nothing else: whoever cancels has to \
                    wake them all.",
            chapter: CANCELLING,
        },
        Law {
            name: "shutdown_now_hands_back",
            says: "What is queued comes back when a pool is shut down at once.",
            means: "The tasks run, or are dropped; or those that came back are still waited for.",
            chapter: CANCELLING,
        },
    ],
};

const GROWING: &str = "versions/v3-growing.md";
const SHRINKING: &str = "versions/v3-shrinking.md";

pub(super) static GROW: Stage = Stage {
    number: 8,
    title: "growing and shrinking",
    page: "yours/8-growing-and-shrinking.md",
    version: 3,
    laws: &[
        Law {
            name: "grows_on_demand",
            says: "Where nobody is idle a new thread runs the task, up to the largest number.",
            means: "Two tasks count on the same idle worker: compare the number of queued tasks \
                    with the number of idle workers, and not with zero.",
            chapter: GROWING,
        },
        Law {
            name: "never_more_than_max",
            says: "There are never more threads than the largest number.",
            means: "The look at the count and the start of the thread are two steps. Count the \
                    new one under the lock under which you looked.",
            chapter: GROWING,
        },
        Law {
            name: "shrinks_when_idle",
            says: "Whoever has been idle for long enough leaves, down to the smallest number.",
            means: "The wait for a task has no end; or all look at once, see that they are too \
                    many, and all leave.",
            chapter: SHRINKING,
        },
        Law {
            name: "no_stranded_task",
            says: "Whoever leaves, and whenever, an accepted task finds a worker.",
            means: "A worker's time is up, and before it has left, a submitter counts it as idle \
                    and starts nobody. The last look at the queue and the leaving are one step, \
                    under the lock of those who submit.",
            chapter: SHRINKING,
        },
        Law {
            name: "resize_is_kept",
            says: "The limits can be changed meanwhile.",
            means: "Idle workers do not hear of the new limits: wake them all.",
            chapter: SHRINKING,
        },
        Law {
            name: "all_who_came_have_left",
            says: "When the pool is shut down, all who ever came have left.",
            means: "Threads that have left are not counted, or one is started beside the shutdown.",
            chapter: SHRINKING,
        },
    ],
};

pub(super) static QUEUES: Stage = Stage {
    number: 9,
    title: "a queue each, and stealing",
    page: "yours/9-a-queue-each.md",
    version: 4,
    laws: &[
        Law {
            name: "a_queue_each",
            says: "Without stealing, what a worker submits waits for that worker.",
            means: "There is one queue for all. That is a good pool, and another lesson.",
            chapter: "versions/v4-a-queue-each.md",
        },
        Law {
            name: "no_task_waits_behind_a_busy_worker",
            says: "While a worker is idle, nothing waits behind a busy one.",
            means: "Whoever finds the own queue empty has to look into those of all others before \
                    it sleeps; and whoever submits behind a busy worker has to wake one that \
                    sleeps.",
            chapter: "versions/v4-stealing.md",
        },
        Law {
            name: "all_workers_meet",
            says: "As many tasks as there are workers run at the same time.",
            means: "A signal is lost: a worker looks, a task comes, the worker sleeps. The count \
                    of what is queued has to go up before the look at who sleeps.",
            chapter: "versions/v4-stealing.md",
        },
        Law {
            name: "a_worker_always_has_a_place",
            says: "What a worker submits needs no place; outsiders count it.",
            means: "The bound is asked on a worker as well: the task is refused, or waits for ever.",
            chapter: "versions/v4-waiting-for-its-own-pool.md",
        },
        Law {
            name: "a_batch",
            says: "Of many at once it is said how many were taken, and the rest comes back.",
            means: "The batch is taken or refused as a whole, or what did not fit is dropped.",
            chapter: "versions/v4-a-queue-each.md",
        },
    ],
};

pub(super) static RESULTS: Stage = Stage {
    number: 10,
    title: "results",
    page: "yours/10-results.md",
    version: 5,
    laws: &[
        Law {
            name: "a_result_comes_back",
            says: "What a task returns comes back through its handle.",
            means: "The result is published after the task counts as ended, or who joins is not \
                    woken.",
            chapter: "versions/v5-a-result-comes-back.md",
        },
        Law {
            name: "a_panic_comes_back",
            says: "A panic comes back as an error, with what it was.",
            means: "The worker catches it and tells nobody: the handle waits for ever, or says \
                    something else.",
            chapter: "versions/v5-how-the-panic-comes-back.md",
        },
        Law {
            name: "each_way_out",
            says: "A handle resolves, however its task leaves the pool.",
            means: "A task that is dropped without having run has to tell its handle: in a drop.",
            chapter: "versions/v5-a-result-comes-back.md",
        },
        Law {
            name: "a_handle_resolves_once",
            says: "A task is cancelled or runs, and its handle says which.",
            means: "To look at the stage and to change it are two steps. Whoever runs and whoever \
                    cancels claim the task under one lock.",
            chapter: "versions/v5-a-result-comes-back.md",
        },
        Law {
            name: "fork_join_ends",
            says: "Tasks that wait for their own tasks do not deadlock, however small the pool is.",
            means: "All workers wait for children that nobody is left to run. Whoever joins on a \
                    worker claims the child, if it has not started, and runs it.",
            chapter: "versions/v5-joining-without-deadlock.md",
        },
        Law {
            name: "joining_runs_nothing_else",
            says: "Whoever joins on a worker runs the task that it waits for, or none.",
            means: "It takes whatever is next. That task runs on top of one that may hold a lock.",
            chapter: "versions/v5-joining-without-deadlock.md",
        },
        Law {
            name: "it_can_be_awaited",
            says: "A handle is a future: it wakes whoever polled it last.",
            means: "The waker is stored after the look, or not at all, or it is called before the \
                    result is there.",
            chapter: "versions/v5-await.md",
        },
    ],
};
