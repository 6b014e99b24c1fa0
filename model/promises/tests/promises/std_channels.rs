//! `std::sync::mpsc`: channels with one receiver.

use super::standard::sync::mpsc::{
    Receiver, RecvError, RecvTimeoutError, SendError, TryRecvError, TrySendError, channel,
    sync_channel,
};
use super::standard::sync::{Arc, Mutex};
use super::standard::thread;
use super::standard::time::Duration;

promises![
    messages_arrive_in_order,
    a_full_channel_gives_the_message_back,
    what_was_sent_is_received_after_the_last_sender_has_gone,
    the_receiver_drops_what_is_in_the_channel,
    every_message_is_received_once,
    a_receiver_that_waits_is_woken_by_a_message_or_by_the_end,
    a_sender_that_waits_is_woken_by_a_place_or_by_the_end,
    without_places_a_message_goes_from_hand_to_hand,
    a_receiver_waits_no_longer_than_it_would,
    a_time_without_an_end_is_waited_for,
    a_receiver_is_shared_behind_a_lock,
];

const SHORT: Duration = Duration::from_micros(10);

fn messages_arrive_in_order() {
    let (sender, receiver) = channel();
    let sending = thread::spawn(move || (0..4).for_each(|n| sender.send(n).unwrap()));
    for n in 0..4 {
        assert_eq!(receiver.recv(), Ok(n));
    }
    assert_eq!(receiver.recv(), Err(RecvError));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    sending.join().unwrap();
}

fn a_full_channel_gives_the_message_back() {
    let (sender, receiver) = sync_channel(2);
    sender.try_send(1).unwrap();
    sender.send(2).unwrap();
    assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!(receiver.try_recv(), Ok(1));
    sender.try_send(3).unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    drop(receiver);
    assert_eq!(sender.try_send(4), Err(TrySendError::Disconnected(4)));
    assert_eq!(sender.send(4), Err(SendError(4)));
}

fn what_was_sent_is_received_after_the_last_sender_has_gone() {
    let (sender, receiver) = channel();
    let other = sender.clone();
    sender.send(1).unwrap();
    drop(sender);
    other.send(2).unwrap();
    drop(other);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [1, 2]);
    let (sender, receiver) = sync_channel(2);
    sender.clone().send(1).unwrap();
    drop(sender);
    assert_eq!(receiver.into_iter().collect::<Vec<_>>(), [1]);
}

/// Of either kind: those of `crossbeam-channel` do so only without a bound.
fn the_receiver_drops_what_is_in_the_channel() {
    let message = Arc::new(());
    let (sender, receiver) = channel();
    sender.send(Arc::clone(&message)).unwrap();
    let (bounded, its_receiver) = sync_channel(2);
    bounded.send(Arc::clone(&message)).unwrap();
    assert_eq!(Arc::strong_count(&message), 3);
    drop(receiver);
    drop(its_receiver);
    assert_eq!(Arc::strong_count(&message), 1);
}

fn every_message_is_received_once() {
    let (sender, receiver) = channel();
    let senders = [0, 10].map(|first| {
        let sender = sender.clone();
        thread::spawn(move || (first..first + 3).for_each(|n| sender.send(n).unwrap()))
    });
    drop(sender);
    let mut received = Vec::new();
    for n in &receiver {
        received.push(n);
    }
    received.sort_unstable();
    assert_eq!(received, [0, 1, 2, 10, 11, 12]);
    for sender in senders {
        sender.join().unwrap();
    }
}

fn a_receiver_that_waits_is_woken_by_a_message_or_by_the_end() {
    let (sender, receiver) = channel();
    let waits = thread::spawn(move || (receiver.recv(), receiver.recv()));
    sender.send(1).unwrap();
    drop(sender);
    assert_eq!(waits.join().unwrap(), (Ok(1), Err(RecvError)));
}

fn a_sender_that_waits_is_woken_by_a_place_or_by_the_end() {
    let (sender, receiver) = sync_channel(1);
    sender.send(1).unwrap();
    let waits = thread::spawn(move || (sender.send(2), sender.send(3)));
    assert_eq!(receiver.recv(), Ok(1));
    drop(receiver);
    let (second, third) = waits.join().unwrap();
    assert!(second.is_ok() || second == Err(SendError(2)));
    assert_eq!(third, Err(SendError(3)));
}

fn without_places_a_message_goes_from_hand_to_hand() {
    let (sender, receiver) = sync_channel(0);
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    let waits = thread::spawn(move || receiver.recv());
    sender.send(2).unwrap();
    assert_eq!(waits.join().unwrap(), Ok(2));
}

fn a_receiver_waits_no_longer_than_it_would() {
    let (sender, receiver) = channel();
    let nothing = receiver.recv_timeout(SHORT);
    assert_eq!(nothing, Err(RecvTimeoutError::Timeout));
    sender.send(1).unwrap();
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Ok(1));
    drop(sender);
    let nothing = receiver.recv_timeout(SHORT);
    assert_eq!(nothing, Err(RecvTimeoutError::Disconnected));
}

fn a_time_without_an_end_is_waited_for() {
    let (sender, receiver) = channel();
    let waits = thread::spawn(move || receiver.recv_timeout(Duration::MAX));
    sender.send(1).unwrap();
    assert_eq!(waits.join().unwrap(), Ok(1));
}

/// As the workers of a well-known pool do.
fn a_receiver_is_shared_behind_a_lock() {
    let (sender, receiver) = channel();
    let receiver: Arc<Mutex<Receiver<usize>>> = Arc::new(Mutex::new(receiver));
    let workers = [(); 2].map(|()| {
        let receiver = Arc::clone(&receiver);
        thread::spawn(move || {
            let mut sum = 0;
            loop {
                let message = receiver.lock().unwrap().recv();
                match message {
                    Ok(n) => sum += n,
                    Err(RecvError) => return sum,
                }
            }
        })
    });
    (1..=4).for_each(|n| sender.send(n).unwrap());
    drop(sender);
    let sums = workers.map(|worker| worker.join().unwrap());
    assert_eq!(sums.iter().sum::<usize>(), 10);
}
