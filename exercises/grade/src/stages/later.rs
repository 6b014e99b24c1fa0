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
