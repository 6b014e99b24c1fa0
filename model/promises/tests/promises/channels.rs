//! `crossbeam-channel`: channels with and without a bound.

use super::channel::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, TryRecvError, TrySendError, bounded,
    unbounded,
};
use super::standard::sync::Arc;
use super::standard::thread;
use super::standard::time::Duration;

promises![
    messages_arrive_in_order,
    a_full_channel_gives_the_message_back,
    what_was_sent_is_received_after_the_last_sender_has_gone,
    a_bounded_channel_keeps_its_messages_until_both_ends_have_gone,
    an_unbounded_channel_drops_its_messages_with_the_last_receiver,
    every_message_is_received_once,
    a_receiver_that_waits_is_woken_by_a_message,
    all_receivers_that_wait_are_woken_when_the_last_sender_goes,
    a_sender_that_waits_is_woken_by_a_place,
    all_senders_that_wait_get_their_messages_back_when_the_last_receiver_goes,
    a_receiver_waits_no_longer_than_it_would,
    a_time_without_an_end_is_waited_for,
];

const SHORT: Duration = Duration::from_micros(10);

/// A channel of each kind.
fn both<T>() -> [(Sender<T>, Receiver<T>); 2] {
    [bounded(2), unbounded()]
}

fn messages_arrive_in_order() {
    for (sender, receiver) in both() {
        let sending = thread::spawn(move || (0..4).for_each(|n| sender.send(n).unwrap()));
        for n in 0..4 {
            assert_eq!(receiver.recv(), Ok(n));
        }
        assert_eq!(receiver.recv(), Err(RecvError));
        sending.join().unwrap();
    }
}

fn a_full_channel_gives_the_message_back() {
    let (sender, receiver) = bounded(2);
    assert_eq!((sender.capacity(), receiver.is_empty()), (Some(2), true));
    sender.try_send(1).unwrap();
    sender.send(2).unwrap();
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!((sender.len(), receiver.is_full()), (2, true));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!((receiver.len(), sender.is_full()), (1, false));
    sender.try_send(3).unwrap();
    let (sender, receiver) = unbounded();
    (0..100).for_each(|n| sender.try_send(n).unwrap());
    assert_eq!((receiver.len(), receiver.capacity()), (100, None));
}

fn what_was_sent_is_received_after_the_last_sender_has_gone() {
    for (sender, receiver) in both() {
        let other = sender.clone();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        sender.send(1).unwrap();
        drop(sender);
        other.send(2).unwrap();
        drop(other);
        assert_eq!((receiver.recv(), receiver.try_recv()), (Ok(1), Ok(2)));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
        assert_eq!(receiver.recv(), Err(RecvError));
        let late = receiver.recv_timeout(SHORT);
        assert_eq!(late, Err(RecvTimeoutError::Disconnected));
    }
}

/// Sends two messages, lets the receivers go, tries a third, and lets the senders go. How many
/// messages there are at each time.
fn messages_left(sender: Sender<Arc<()>>, receiver: Receiver<Arc<()>>) -> [usize; 3] {
    let message = Arc::new(());
    let left = || Arc::strong_count(&message) - 1;
    sender.send(Arc::clone(&message)).unwrap();
    sender.send(Arc::clone(&message)).unwrap();
    let other = receiver.clone();
    drop(receiver);
    let before = left();
    drop(other);
    let without_receivers = left();
    let refused = sender.try_send(Arc::clone(&message)).unwrap_err();
    assert!(matches!(refused, TrySendError::Disconnected(_)));
    drop(refused);
    assert!(sender.send(Arc::clone(&message)).is_err());
    drop(sender);
    [before, without_receivers, left()]
}

fn a_bounded_channel_keeps_its_messages_until_both_ends_have_gone() {
    let (sender, receiver) = bounded(3);
    assert_eq!(messages_left(sender, receiver), [2, 2, 0]);
}

fn an_unbounded_channel_drops_its_messages_with_the_last_receiver() {
    let (sender, receiver) = unbounded();
    assert_eq!(messages_left(sender, receiver), [2, 0, 0]);
}

fn every_message_is_received_once() {
    for (sender, receiver) in both() {
        let senders = [0, 10].map(|first| {
            let sender = sender.clone();
            thread::spawn(move || (first..first + 3).for_each(|n| sender.send(n).unwrap()))
        });
        drop(sender);
        let receivers = [receiver.clone(), receiver].map(|receiver| {
            thread::spawn(move || {
                let mut received = Vec::new();
                while let Ok(n) = receiver.recv() {
                    received.push(n);
                }
                received
            })
        });
        for sender in senders {
            sender.join().unwrap();
        }
        let mut received = receivers.map(|receiver| receiver.join().unwrap()).concat();
        received.sort_unstable();
        assert_eq!(received, [0, 1, 2, 10, 11, 12]);
    }
}

fn a_receiver_that_waits_is_woken_by_a_message() {
    for (sender, receiver) in both() {
        let waits = thread::spawn(move || receiver.recv());
        sender.send(1).unwrap();
        assert_eq!(waits.join().unwrap(), Ok(1));
        drop(sender);
    }
}

fn all_receivers_that_wait_are_woken_when_the_last_sender_goes() {
    for (sender, receiver) in both::<()>() {
        let waiters = [(); 2].map(|()| {
            let receiver = receiver.clone();
            thread::spawn(move || receiver.recv())
        });
        drop(sender);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), Err(RecvError));
        }
    }
}

fn a_sender_that_waits_is_woken_by_a_place() {
    let (sender, receiver) = bounded(1);
    sender.send(1).unwrap();
    let senders = [(); 2].map(|()| {
        let sender = sender.clone();
        thread::spawn(move || sender.send(2))
    });
    assert_eq!(receiver.recv(), Ok(1));
    assert_eq!((receiver.recv(), receiver.recv()), (Ok(2), Ok(2)));
    for sender in senders {
        sender.join().unwrap().unwrap();
    }
}

fn all_senders_that_wait_get_their_messages_back_when_the_last_receiver_goes() {
    let (sender, receiver) = bounded(1);
    sender.send(1).unwrap();
    let senders = [(); 2].map(|()| {
        let sender = sender.clone();
        thread::spawn(move || sender.send(2))
    });
    drop(receiver);
    for sender in senders {
        assert_eq!(sender.join().unwrap(), Err(SendError(2)));
    }
}

fn a_receiver_waits_no_longer_than_it_would() {
    for (sender, receiver) in both() {
        let nothing = receiver.recv_timeout(SHORT);
        assert_eq!(nothing, Err(RecvTimeoutError::Timeout));
        sender.send(1).unwrap();
        assert_eq!(receiver.recv_timeout(Duration::ZERO), Ok(1));
    }
}

fn a_time_without_an_end_is_waited_for() {
    for (sender, receiver) in both() {
        let waits = thread::spawn(move || receiver.recv_timeout(Duration::MAX));
        sender.send(1).unwrap();
        assert_eq!(waits.join().unwrap(), Ok(1));
    }
}
