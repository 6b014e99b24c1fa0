//! A tour of the branch: a mail server that delivers what somebody waits for before bulk mail.
//!
//! Run it with `cargo run -p priority --example mail`.

use std::sync::{Arc, Mutex, mpsc};

use priority::{Pool, Priority, Reason, Task};

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // One worker, so that the order can be seen. At most two letters overtake one that is a level
    // below them.
    let pool = Pool::builder()
        .threads(1)
        .queue_capacity(8)
        .ageing(2)
        .build()?;
    let delivered = Arc::new(Mutex::new(Vec::new()));
    let letter = |name: &'static str| {
        let delivered = Arc::clone(&delivered);
        Task::from(move || delivered.lock().unwrap().push(name))
    };

    // While the line is busy, letters queue up.
    let (free, line) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    pool.execute(move || {
        begin.send(()).unwrap();
        line.recv().unwrap();
    })?;
    begun.recv()?;
    pool.execute(letter("newsletter").at(Priority::Low))?;
    pool.execute(letter("invitation"))?;
    for name in ["code 1", "code 2", "code 3", "code 4", "code 5"] {
        pool.execute(letter(name).at(Priority::High))?;
    }
    free.send(())?;
    pool.wait_idle();
    let order = std::mem::take(&mut *delivered.lock().unwrap());
    println!("delivered: {}", order.join(", "));
    // Two codes overtake the invitation, and the third does not. The newsletter is two levels below
    // them: of what came later, four overtake it, the invitation among them.
    let expected = [
        "code 1",
        "code 2",
        "invitation",
        "code 3",
        "newsletter",
        "code 4",
        "code 5",
    ];
    assert_eq!(order, expected);

    // A flood of bulk mail fills its own queue, and no other.
    let (free, line) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    pool.execute(move || {
        begin.send(()).unwrap();
        line.recv().unwrap();
    })?;
    begun.recv()?;
    let mut refused = None;
    while refused.is_none() {
        refused = pool
            .try_execute(letter("newsletter").at(Priority::Low))
            .err();
    }
    pool.try_execute(letter("code").at(Priority::High))?;
    println!(
        "{} letters queued, and there was room for a code",
        pool.queue_len()
    );

    // What comes back keeps its level: the letter that was refused, and those that are queued.
    let refused = refused.ok_or("the queue of a level has an end")?;
    assert_eq!(refused.reason(), Reason::Full);
    assert_eq!(refused.into_task().priority(), Priority::Low);
    let letters = pool.shutdown_now();
    // In the order in which they would have left: the code overtakes four of the eight.
    let urgent = letters
        .iter()
        .position(|letter| letter.priority() == Priority::High);
    assert_eq!(urgent, Some(4));
    println!("{} letters handed back", letters.len());
    free.send(())?;
    Ok(())
}
