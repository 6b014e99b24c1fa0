//! `crossbeam-channel`: to wait for one of several operations, and channels without places.

use super::channel::{
    Receiver, RecvError, RecvTimeoutError, Select, SelectTimeoutError, SendError, SendTimeoutError,
    Sender, TryRecvError, TrySendError, bounded, select, select_biased, unbounded,
};
use super::standard::thread;
use super::standard::time::{Duration, Instant};

promises![
    a_select_does_what_is_ready,
    a_select_takes_each_of_two_that_are_ready_now_and_then,
    a_biased_select_takes_the_first_that_is_ready,
    a_biased_select_waits_for_all_of_its_arms,
    a_message_stays_with_its_owner_when_another_arm_is_chosen,
    without_anything_ready_the_default_arm_is_taken,
    a_select_waits_no_longer_than_it_would,
    a_select_without_an_end_waits_for_a_place,
    a_submitter_in_a_select_is_let_in_or_turned_away,
    all_selects_are_woken_by_a_disconnect,
    each_place_lets_one_select_in,
    a_select_that_leaves_keeps_no_place_from_another,
    a_select_that_is_late_keeps_no_place_from_another,
    a_receiver_in_a_select_is_woken_by_a_message,
    a_place_that_was_selected_is_taken,
    a_select_of_many_says_which,
    what_is_ready_is_not_done_by_that,
    whoever_waits_for_ready_is_told_and_uses_up_nothing,
    whoever_waits_for_ready_is_woken_by_a_message_and_by_a_place,
    all_who_wait_for_ready_are_woken_by_a_disconnect,
    an_iteration_ends_with_the_last_sender,
    an_iteration_ends_with_the_last_sender_that_waits_in_a_select,
    what_is_there_is_iterated_without_a_wait,
    a_sender_waits_no_longer_than_it_would,
    without_places_a_message_needs_somebody_who_waits,
    without_places_a_send_meets_a_receive,
    without_places_every_message_is_received_once,
    without_places_a_sender_waits_until_its_message_is_read,
    without_places_a_sender_is_late_or_has_been_met,
    without_places_a_message_comes_back_when_the_receiver_goes,
    without_places_a_receiver_is_woken_when_the_sender_goes,
    without_places_two_selects_meet,
    without_places_a_select_meets_a_call,
    without_places_a_select_does_not_meet_itself,
    without_places_it_is_ready_when_somebody_waits,
];

panics![
    a_selected_operation_must_be_done: "dropped",
    a_select_of_nothing_would_wait_for_ever: "no operations",
];

const SHORT: Duration = Duration::from_micros(10);

/// A bounded channel that is full of one message.
fn full<T>(message: T) -> (Sender<T>, Receiver<T>) {
    let (sender, receiver) = bounded(1);
    sender.send(message).unwrap();
    (sender, receiver)
}

/// What v1 and v2 do: wait for a place, or until nobody wants it any more.
fn send_unless_closed(sender: &Sender<u8>, closed: &Receiver<()>, message: u8) -> Result<(), u8> {
    select! {
        send(sender, message) -> sent => sent.map_err(|SendError(message)| message),
        recv(closed) -> _ => Err(message),
    }
}

fn a_select_does_what_is_ready() {
    let (full, _receiver) = full(0);
    let (_sender, empty) = unbounded::<u8>();
    let (sender, receiver) = bounded(1);
    let done = select! {
        send(full, 1) -> _ => unreachable!(),
        send(sender, 2) -> sent => sent,
        recv(empty) -> _ => unreachable!(),
    };
    assert_eq!(done, Ok(()));
    let received = select! {
        send(full, 1) -> _ => unreachable!(),
        recv(empty) -> _ => { unreachable!() }
        recv(receiver) -> message => message,
    };
    assert_eq!(received, Ok(2));
    drop(receiver);
    let mut select = Select::new();
    let [_, gone] = [select.send(&full), select.send(&sender)];
    let selected = select.select();
    assert_eq!(selected.index(), gone);
    assert_eq!(selected.send(&sender, 3), Err(SendError(3)));
}

/// Whatever the order of the arms, and however often it is asked.
fn a_select_takes_each_of_two_that_are_ready_now_and_then() {
    let (sender, receiver) = bounded(1);
    let (_, closed) = bounded::<()>(0);
    let mut chosen = [0, 0];
    for _ in 0..200 {
        select! {
            send(sender, ()) -> sent => {
                sent.unwrap();
                receiver.recv().unwrap();
                chosen[0] += 1;
            }
            recv(closed) -> _ => chosen[1] += 1,
        }
    }
    assert!(chosen.iter().all(|&times| times > 0), "{chosen:?}");
    let mut chosen = [0, 0];
    for _ in 0..200 {
        let mut select = Select::new();
        select.recv(&closed);
        select.send(&sender);
        chosen[select.ready()] += 1;
    }
    assert!(chosen.iter().all(|&times| times > 0), "{chosen:?}");
}

fn a_biased_select_takes_the_first_that_is_ready() {
    let (sender, receiver) = bounded(1);
    let (close, closed) = bounded::<()>(0);
    for _ in 0..20 {
        let message = String::from("sent");
        let sent = select_biased! {
            recv(closed) -> _ => Err(message),
            send(sender, message) -> sent => sent.map_err(|SendError(message)| message),
            default(SHORT) => unreachable!(),
        };
        assert_eq!((sent, receiver.recv().unwrap()), (Ok(()), "sent".into()));
    }
    drop(close);
    for _ in 0..20 {
        let message = String::from("kept");
        let kept = select_biased! {
            recv(closed) -> _ => message,
            send(sender, message) -> _ => unreachable!(),
        };
        assert_eq!(kept, "kept");
        let mut select = Select::new_biased();
        select.send(&sender);
        select.recv(&closed);
        assert_eq!(select.ready(), 0);
    }
}

fn a_biased_select_waits_for_all_of_its_arms() {
    let (sender, receiver) = full(1);
    let (close, closed) = bounded::<()>(0);
    let waits = |message| {
        let (sender, closed) = (sender.clone(), closed.clone());
        thread::spawn(move || {
            select_biased! {
                recv(closed) -> _ => false,
                send(sender, message) -> sent => sent.is_ok(),
            }
        })
    };
    let lasts = waits(2);
    assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2)));
    assert!(lasts.join().unwrap());
    sender.send(3).unwrap();
    let leaves = waits(4);
    drop(close);
    assert!(!leaves.join().unwrap());
}

fn a_message_stays_with_its_owner_when_another_arm_is_chosen() {
    let (sender, _receiver) = full(String::new());
    let (close, closed) = bounded::<()>(0);
    drop(close);
    let message = String::from("mine");
    let kept = select! {
        send(sender, message) -> _ => unreachable!(),
        recv(closed) -> nothing => {
            nothing.unwrap_err();
            message
        }
    };
    let kept = select! {
        send(sender, kept) -> _ => unreachable!(),
        default(SHORT) => kept,
    };
    assert_eq!(kept, "mine");
}

fn without_anything_ready_the_default_arm_is_taken() {
    let (sender, receiver) = bounded(1);
    for expected in ["sent", "nothing"] {
        let done = select! {
            send(sender, 1) -> sent => { sent.unwrap(); "sent" }
            default => "nothing",
        };
        assert_eq!(done, expected);
    }
    for expected in [Some(1), None] {
        let received = select! {
            default => None,
            recv(receiver) -> message => message.ok(),
        };
        assert_eq!(received, expected);
    }
    let mut select = Select::new();
    assert!(select.try_select().is_err());
    select.recv(&receiver);
    assert!(select.try_select().is_err());
    assert!(select.try_ready().is_err());
    drop(sender);
    assert_eq!(select.try_ready(), Ok(0));
    select.try_select().unwrap().recv(&receiver).unwrap_err();
}

/// That it is not early holds for the real clock alone: see `reach.rs`.
fn a_select_waits_no_longer_than_it_would() {
    let (_sender, receiver) = bounded::<()>(1);
    for time in [Duration::ZERO, SHORT] {
        let late = select! {
            recv(receiver) -> _ => false,
            default(time) => true,
        };
        assert!(late);
        let mut select = Select::new();
        assert_eq!(select.select_timeout(time).err(), Some(SelectTimeoutError));
        assert!(select.ready_timeout(time).is_err());
        select.recv(&receiver);
        assert!(select.select_deadline(Instant::now() + time).is_err());
        assert!(select.ready_timeout(time).is_err());
        assert!(select.ready_deadline(Instant::now() + time).is_err());
    }
}

fn a_select_without_an_end_waits_for_a_place() {
    let (sender, receiver) = full(1);
    let (_open, closed) = bounded::<()>(0);
    let waits = thread::spawn(move || {
        select! {
            recv(closed) -> _ => false,
            send(sender, 2) -> sent => sent.is_ok(),
            default(Duration::MAX) => false,
        }
    });
    assert_eq!((receiver.recv(), receiver.recv()), (Ok(1), Ok(2)));
    assert!(waits.join().unwrap());
    let (sender, receiver) = bounded::<()>(0);
    let waits = thread::spawn(move || {
        let mut select = Select::new();
        select.recv(&receiver);
        select.ready_timeout(Duration::MAX)
    });
    drop(sender);
    assert_eq!(waits.join().unwrap(), Ok(0));
}

fn a_submitter_in_a_select_is_let_in_or_turned_away() {
    let (sender, receiver) = full(1);
    let (close, closed) = bounded(0);
    let waits = thread::spawn(move || send_unless_closed(&sender, &closed, 2));
    let closes = thread::spawn(move || drop(close));
    assert_eq!(receiver.recv(), Ok(1));
    match waits.join().unwrap() {
        Ok(()) => assert_eq!(receiver.recv(), Ok(2)),
        Err(message) => assert_eq!((message, receiver.recv()), (2, Err(RecvError))),
    }
    closes.join().unwrap();
}

/// They would send a 2 and a 3.
fn two_who_wait(
    sender: &Sender<u8>,
    closed: &Receiver<()>,
) -> [thread::JoinHandle<Result<(), u8>>; 2] {
    [2, 3].map(|message| {
        let (sender, closed) = (sender.clone(), closed.clone());
        thread::spawn(move || send_unless_closed(&sender, &closed, message))
    })
}

fn all_selects_are_woken_by_a_disconnect() {
    let (sender, _receiver) = full(1);
    let (close, closed) = bounded(0);
    let waiters = two_who_wait(&sender, &closed);
    drop(close);
    let messages = waiters.map(|waiter| waiter.join().unwrap());
    assert_eq!(messages, [Err(2), Err(3)]);
    // That of the other end, too.
    let (sender, receiver) = full(1);
    let (_open, closed) = bounded(0);
    let waiters = two_who_wait(&sender, &closed);
    drop(receiver);
    let messages = waiters.map(|waiter| waiter.join().unwrap());
    assert_eq!(messages, [Err(2), Err(3)]);
}

fn each_place_lets_one_select_in() {
    let (sender, receiver) = full(1);
    let (_open, closed) = bounded(0);
    let waiters = two_who_wait(&sender, &closed);
    let mut received = [(); 3].map(|()| receiver.recv().unwrap());
    received.sort_unstable();
    assert_eq!(received, [1, 2, 3]);
    for waiter in waiters {
        waiter.join().unwrap().unwrap();
    }
}

fn a_select_that_leaves_keeps_no_place_from_another() {
    let (sender, receiver) = full(1);
    let (close, closed) = bounded(0);
    let leaves = {
        let sender = sender.clone();
        thread::spawn(move || send_unless_closed(&sender, &closed, 2).is_ok())
    };
    let (_open, never) = bounded(0);
    let stays = thread::spawn(move || send_unless_closed(&sender, &never, 3));
    let closes = thread::spawn(move || drop(close));
    assert_eq!(receiver.recv(), Ok(1));
    // Nobody but the two sends, and one of them would wait for ever.
    let mut received = vec![receiver.recv().unwrap()];
    if leaves.join().unwrap() {
        received.push(receiver.recv().unwrap());
    }
    assert!(received.contains(&3), "{received:?}");
    stays.join().unwrap().unwrap();
    closes.join().unwrap();
}

fn a_select_that_is_late_keeps_no_place_from_another() {
    let (sender, receiver) = full(1);
    let hasty = {
        let sender = sender.clone();
        thread::spawn(move || {
            select! {
                send(sender, 2) -> sent => sent.is_ok(),
                default(SHORT) => false,
            }
        })
    };
    let patient = thread::spawn(move || sender.send(3));
    assert_eq!(receiver.recv(), Ok(1));
    let mut received = vec![receiver.recv().unwrap()];
    if hasty.join().unwrap() {
        received.push(receiver.recv().unwrap());
    }
    assert!(received.contains(&3), "{received:?}");
    patient.join().unwrap().unwrap();
}

fn a_receiver_in_a_select_is_woken_by_a_message() {
    for (sender, receiver) in [bounded(1), unbounded(), bounded(0)] {
        let (_open, closed) = bounded::<()>(0);
        let waits = thread::spawn(move || {
            select! {
                recv(closed) -> _ => Err(RecvError),
                recv(&receiver) -> message => message,
            }
        });
        sender.send(1).unwrap();
        assert_eq!(waits.join().unwrap(), Ok(1));
    }
}

/// It is nobody else's between the choice and the send: others come after it.
fn a_place_that_was_selected_is_taken() {
    for (sender, receiver) in [bounded(1), unbounded()] {
        let mut select = Select::new();
        select.send(&sender);
        let selected = select.select();
        assert_eq!(
            (sender.len(), sender.is_full()),
            (1, sender.capacity().is_some())
        );
        let other = thread::spawn({
            let sender = sender.clone();
            move || sender.send(2)
        });
        let receives = thread::spawn(move || (receiver.recv(), receiver.recv(), receiver));
        if sender.capacity().is_some() {
            assert_eq!(sender.len(), 1);
        }
        selected.send(&sender, 1).unwrap();
        let (first, second, receiver) = receives.join().unwrap();
        assert_eq!((first, second), (Ok(1), Ok(2)));
        other.join().unwrap().unwrap();
        sender.send(4).unwrap();
        let mut select = Select::new();
        select.recv(&receiver);
        let selected = select.select();
        assert!(receiver.is_empty());
        assert_eq!(selected.recv(&receiver), Ok(4));
    }
}

fn a_select_of_many_says_which() {
    let channels = [(); 4].map(|()| bounded(1));
    let mut select = Select::new();
    for (number, (_, receiver)) in channels.iter().enumerate() {
        assert_eq!(select.recv(receiver), number);
    }
    channels[2].0.send(2).unwrap();
    let selected = select.select();
    assert_eq!(selected.index(), 2);
    assert_eq!(selected.recv(&channels[2].1), Ok(2));
    // A select can be used again.
    channels[3].0.send(3).unwrap();
    let selected = select.select_timeout(SHORT).unwrap();
    assert_eq!(selected.index(), 3);
    assert_eq!(selected.recv(&channels[3].1), Ok(3));
}

fn what_is_ready_is_not_done_by_that() {
    let (sender, receiver) = bounded(1);
    let mut select = Select::new();
    select.send(&sender);
    assert_eq!((select.ready(), select.ready()), (0, 0));
    assert_eq!(sender.len(), 0);
    sender.send(1).unwrap();
    assert!(select.try_ready().is_err());
    select.recv(&receiver);
    assert_eq!((select.ready(), select.ready_timeout(SHORT)), (1, Ok(1)));
    assert_eq!(receiver.try_recv(), Ok(1));
}

fn whoever_waits_for_ready_is_told_and_uses_up_nothing() {
    for (sender, receiver) in [bounded(1), unbounded(), bounded(0)] {
        let waits = {
            let receiver = receiver.clone();
            thread::spawn(move || {
                let mut select = Select::new();
                select.recv(&receiver);
                select.ready()
            })
        };
        let receives = thread::spawn({
            let receiver = receiver.clone();
            move || receiver.recv()
        });
        sender.send(1).unwrap();
        assert_eq!(receives.join().unwrap(), Ok(1));
        // It may have come too late for the first message.
        drop(sender);
        assert_eq!(waits.join().unwrap(), 0);
    }
}

fn whoever_waits_for_ready_is_woken_by_a_message_and_by_a_place() {
    for (sender, receiver) in [bounded(1), unbounded()] {
        let waits = {
            let receiver = receiver.clone();
            thread::spawn(move || {
                let mut select = Select::new();
                select.recv(&receiver);
                select.ready()
            })
        };
        sender.send(1).unwrap();
        assert_eq!(waits.join().unwrap(), 0);
        let waits = thread::spawn(move || {
            let mut select = Select::new();
            select.send(&sender);
            (select.ready(), sender.len())
        });
        assert_eq!(receiver.recv(), Ok(1));
        assert_eq!(waits.join().unwrap().0, 0);
    }
}

fn all_who_wait_for_ready_are_woken_by_a_disconnect() {
    let (close, closed) = bounded::<()>(0);
    let (_open, open) = bounded::<()>(0);
    let waiters = [(); 2].map(|()| {
        let (open, closed) = (open.clone(), closed.clone());
        thread::spawn(move || {
            let mut select = Select::new();
            select.recv(&open);
            select.recv(&closed);
            select.ready()
        })
    });
    drop(close);
    assert_eq!(waiters.map(|waiter| waiter.join().unwrap()), [1, 1]);
}

fn an_iteration_ends_with_the_last_sender() {
    for (sender, receiver) in [bounded(2), unbounded(), bounded(0)] {
        let other = sender.clone();
        let senders = [(sender, 1), (other, 2)]
            .map(|(sender, message)| thread::spawn(move || sender.send(message)));
        let mut received: Vec<_> = (&receiver).into_iter().collect();
        received.sort_unstable();
        assert_eq!(received, [1, 2]);
        for sender in senders {
            sender.join().unwrap().unwrap();
        }
        assert_eq!(receiver.iter().count() + receiver.into_iter().count(), 0);
    }
}

/// A pool closes its queue like this: the senders of those who wait are gone once they leave.
fn an_iteration_ends_with_the_last_sender_that_waits_in_a_select() {
    let (sender, receiver) = full(1);
    let (close, closed) = bounded(0);
    let waits = {
        let sender = sender.clone();
        thread::spawn(move || send_unless_closed(&sender, &closed, 2))
    };
    let works = thread::spawn(move || receiver.iter().count());
    drop((sender, close));
    let sent = usize::from(waits.join().unwrap().is_ok());
    assert_eq!(works.join().unwrap(), 1 + sent);
}

fn what_is_there_is_iterated_without_a_wait() {
    for (sender, receiver) in [bounded(2), unbounded()] {
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(receiver.try_iter().next(), None);
    }
}

fn a_sender_waits_no_longer_than_it_would() {
    for (sender, receiver) in [bounded(1), bounded(0)] {
        let _ = sender.try_send(0);
        let late = sender.send_timeout(1, SHORT);
        assert_eq!(late, Err(SendTimeoutError::Timeout(1)));
        let late = sender.send_deadline(2, Instant::now());
        assert_eq!(late, Err(SendTimeoutError::Timeout(2)));
        assert_eq!(receiver.try_iter().sum::<i32>(), 0);
        let late = receiver.recv_deadline(Instant::now());
        assert_eq!(late, Err(RecvTimeoutError::Timeout));
        drop(receiver);
        let gone = sender.send_timeout(3, Duration::MAX);
        assert_eq!(gone, Err(SendTimeoutError::Disconnected(3)));
    }
}

fn without_places_a_message_needs_somebody_who_waits() {
    let (sender, receiver) = bounded(0);
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!((sender.len(), sender.capacity()), (0, Some(0)));
    assert!(receiver.is_empty() && receiver.is_full());
    // No way to know when it waits. But once it does, this succeeds.
    let waits = thread::spawn(move || receiver.recv());
    while sender.try_send(2) == Err(TrySendError::Full(2)) {
        thread::yield_now();
    }
    assert_eq!(waits.join().unwrap(), Ok(2));
    assert_eq!(sender.try_send(3), Err(TrySendError::Disconnected(3)));
    let (sender, receiver) = bounded(0);
    let waits = thread::spawn(move || sender.send(4));
    while receiver.try_recv() != Ok(4) {
        thread::yield_now();
    }
    waits.join().unwrap().unwrap();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

/// Whoever has sent knows that the message has been taken.
fn without_places_a_send_meets_a_receive() {
    let (sender, receiver) = bounded(0);
    let sends = thread::spawn(move || (0..3).for_each(|n| sender.send(n).unwrap()));
    for n in 0..3 {
        assert_eq!(receiver.len(), 0);
        assert_eq!(receiver.recv(), Ok(n));
    }
    sends.join().unwrap();
    assert_eq!(receiver.recv(), Err(RecvError));
}

fn without_places_every_message_is_received_once() {
    let (sender, receiver) = bounded(0);
    let senders = [0, 10].map(|first| {
        let sender = sender.clone();
        thread::spawn(move || (first..first + 2).for_each(|n| sender.send(n).unwrap()))
    });
    drop(sender);
    let receivers = [receiver.clone(), receiver]
        .map(|receiver| thread::spawn(move || receiver.iter().collect::<Vec<_>>()));
    let mut received = receivers.map(|receiver| receiver.join().unwrap()).concat();
    received.sort_unstable();
    assert_eq!(received, [0, 1, 10, 11]);
    for sender in senders {
        sender.join().unwrap();
    }
}

/// If it was there first.
fn without_places_a_sender_waits_until_its_message_is_read() {
    let (sender, receiver) = bounded(0);
    let sends = thread::spawn(move || sender.send(1));
    let mut select = Select::new();
    select.recv(&receiver);
    assert_eq!(select.ready(), 0);
    let selected = select.try_select().unwrap();
    assert!(!sends.is_finished());
    assert_eq!(selected.recv(&receiver), Ok(1));
    sends.join().unwrap().unwrap();
}

fn without_places_a_sender_is_late_or_has_been_met() {
    let (sender, receiver) = bounded(0);
    let hasty = thread::spawn(move || sender.send_timeout(1, SHORT).is_ok());
    let received = receiver.recv_timeout(SHORT).is_ok() || receiver.try_recv().is_ok();
    assert_eq!(hasty.join().unwrap(), received);
}

fn without_places_a_message_comes_back_when_the_receiver_goes() {
    let (sender, receiver) = bounded(0);
    let (_open, closed) = bounded(0);
    let plain = {
        let sender = sender.clone();
        thread::spawn(move || sender.send(1))
    };
    let selects = thread::spawn(move || send_unless_closed(&sender, &closed, 2));
    drop(receiver);
    assert_eq!(plain.join().unwrap(), Err(SendError(1)));
    assert_eq!(selects.join().unwrap(), Err(2));
}

fn without_places_a_receiver_is_woken_when_the_sender_goes() {
    let (sender, receiver) = bounded::<()>(0);
    let plain = {
        let receiver = receiver.clone();
        thread::spawn(move || receiver.recv())
    };
    let selects = thread::spawn(move || {
        let late = receiver.recv_timeout(Duration::MAX);
        assert_eq!(late, Err(RecvTimeoutError::Disconnected));
        select! { recv(receiver) -> nothing => nothing }
    });
    drop(sender);
    assert_eq!(plain.join().unwrap(), Err(RecvError));
    assert_eq!(selects.join().unwrap(), Err(RecvError));
}

fn without_places_two_selects_meet() {
    let (sender, receiver) = bounded(0);
    let (_open, closed) = bounded(0);
    let sends = {
        let closed = closed.clone();
        thread::spawn(move || send_unless_closed(&sender, &closed, 1))
    };
    let received = select! {
        recv(closed) -> _ => unreachable!(),
        recv(receiver) -> message => message,
    };
    assert_eq!((received, sends.join().unwrap()), (Ok(1), Ok(())));
}

fn without_places_a_select_meets_a_call() {
    let (sender, receiver) = bounded(0);
    let (_open, closed) = bounded(0);
    let sends = {
        let (sender, closed) = (sender.clone(), closed.clone());
        thread::spawn(move || send_unless_closed(&sender, &closed, 1))
    };
    assert_eq!(receiver.recv(), Ok(1));
    sends.join().unwrap().unwrap();
    let receives = thread::spawn(move || {
        select! {
            recv(closed) -> _ => unreachable!(),
            recv(receiver) -> message => message,
        }
    });
    sender.send(2).unwrap();
    assert_eq!(receives.join().unwrap(), Ok(2));
}

fn without_places_a_select_does_not_meet_itself() {
    let (sender, receiver) = bounded(0);
    let done = select! {
        send(sender, 1) -> _ => unreachable!(),
        recv(receiver) -> _ => unreachable!(),
        default(SHORT) => true,
    };
    assert!(done);
}

fn without_places_it_is_ready_when_somebody_waits() {
    let (sender, receiver) = bounded(0);
    let mut select = Select::new();
    select.recv(&receiver);
    select.send(&sender);
    assert!(select.try_ready().is_err());
    let waits = thread::spawn({
        let sender = sender.clone();
        move || sender.send(1)
    });
    assert_eq!(select.ready(), 0);
    assert_eq!(receiver.try_recv(), Ok(1));
    waits.join().unwrap().unwrap();
    let waits = thread::spawn({
        let receiver = receiver.clone();
        move || receiver.recv()
    });
    assert_eq!(select.ready(), 1);
    assert_eq!(sender.try_send(2), Ok(()));
    assert_eq!(waits.join().unwrap(), Ok(2));
    // Those who wait in a select are no others.
    let (_open, closed) = bounded(0);
    let waits = thread::spawn({
        let (sender, closed) = (sender.clone(), closed.clone());
        move || send_unless_closed(&sender, &closed, 3)
    });
    assert_eq!(select.ready(), 0);
    assert_eq!(receiver.try_recv(), Ok(3));
    waits.join().unwrap().unwrap();
    let waits = thread::spawn({
        let receiver = receiver.clone();
        move || {
            select! {
                recv(closed) -> _ => Err(RecvError),
                recv(receiver) -> message => message,
            }
        }
    });
    assert_eq!(select.ready(), 1);
    assert_eq!(sender.try_send(4), Ok(()));
    assert_eq!(waits.join().unwrap(), Ok(4));
}

fn a_selected_operation_must_be_done() {
    let (sender, _receiver) = bounded::<()>(1);
    let mut select = Select::new();
    select.send(&sender);
    drop(select.select());
}

fn a_select_of_nothing_would_wait_for_ever() {
    let _ = Select::new().ready();
}
