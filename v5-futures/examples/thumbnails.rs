//! A tour of v5: pictures are read and made smaller, and each result comes back to whoever wants
//! it.
//!
//! Run it with `cargo run -p v5-futures --example thumbnails`.

use std::fmt::{self, Display, Formatter};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use v5_futures::{JoinError, JoinSet, Pool};

/// A square of grey points, row by row.
#[derive(Clone, Debug, PartialEq)]
struct Picture {
    side: usize,
    points: Vec<u8>,
}

/// Two characters for each point, as a character is about twice as high as it is wide.
impl Display for Picture {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for row in self.points.chunks(self.side) {
            let shade = |point: &u8| ["  ", "░░", "▒▒", "▓▓", "██"][usize::from(*point) * 5 / 256];
            let row: String = row.iter().map(shade).collect();
            writeln!(f, "    {row}")?;
        }
        Ok(())
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let pool = Arc::new(Pool::builder().threads(1..=4).queue_capacity(8).build()?);

    // Each handle says how its own task ended: with a result, or with a panic and what it said.
    println!("file 2 will panic now, as it should:");
    let mut handles = Vec::new();
    for file in 0..4 {
        handles.push(pool.spawn(move || read(file))?);
    }
    let read_well: Vec<bool> = handles
        .into_iter()
        .enumerate()
        .map(|(file, handle)| match handle.join() {
            Ok(picture) => picture.side == 64,
            Err(error) => {
                println!("file {file}: {error}");
                !error.is_panic()
            }
        })
        .collect();
    assert_eq!(read_well, [true, true, false, true]);

    // A map keeps the order of the items. Only a few of a thousand pictures are there at a time.
    let thumbnails = pool.map(1000..2000, |file| smaller(&read(file)));
    let album: Result<Vec<Picture>, JoinError> = thumbnails.collect();
    let album = album?;
    println!("the last of {} thumbnails:\n{}", album.len(), album[999]);

    // The first error is the last result, and what has not started never does.
    let mut sides = pool.try_map(["10", "11", "cover", "12"], |name| {
        name.parse().map(|file| read(file).side)
    });
    assert!(sides.by_ref().take(2).all(|side| side.is_ok()));
    let error = sides.next().unwrap().unwrap_err();
    println!("two files, then one that is called \"cover\" and not by a number: {error}");
    assert!(sides.next().is_none());

    // Whoever is ready first comes first.
    let mut set = JoinSet::new();
    for file in 20..24 {
        set.spawn(&pool, move || (file, read(file)))?;
    }
    while let Some(result) = set.join_next() {
        println!("file {} is there", result?.0);
    }

    // Tasks of a scope may borrow: here each has a row of the picture, and nothing is copied or
    // shared.
    let mut picture = read(30);
    let before = picture.clone();
    pool.scope(|scope| {
        for row in picture.points.chunks_mut(picture.side) {
            // The scope waits for the tasks, and a panic of one would come out of it.
            drop(scope.spawn(|| row.iter_mut().for_each(|point| *point = !*point)));
        }
    });
    assert_eq!(picture.points[0], !before.points[0]);

    // A task may wait for its own tasks, on one worker, too: it runs what has not begun.
    let one = Arc::new(Pool::new(1, 1)?);
    let inside = Arc::clone(&one);
    let brightest = one.spawn(move || brightest(&inside, before.points))?;
    println!("the brightest point: {}", brightest.join()?);

    // And a handle can be awaited, under whichever executor there is.
    let (left, right) = (pool.spawn(|| read(40))?, pool.spawn(|| read(41))?);
    let both = async { Ok::<_, JoinError>((left.await?, right.await?)) };
    let (left, right) = block_on(both)?;
    assert_ne!(left, right);
    Ok(())
}

/// Would read a file. A ball is in the picture, somewhere between left and right.
fn read(file: usize) -> Picture {
    assert!(file != 2, "there is no picture in it");
    let side = 64;
    let bright = |n: usize| {
        let (x, y) = (n % side, n / side);
        let far = x.abs_diff(16 + file % 32).pow(2) + y.abs_diff(32).pow(2);
        255 - (far / 3).min(255) as u8
    };
    let points = (0..side * side).map(bright).collect();
    Picture { side, points }
}

/// Every fourth point of every fourth row.
fn smaller(picture: &Picture) -> Picture {
    let rows = picture.points.chunks(picture.side).step_by(4);
    let points = rows.flat_map(|row| row.iter().step_by(4).copied());
    Picture {
        side: picture.side / 4,
        points: points.collect(),
    }
}

/// One half is looked through here, and the other one by whoever comes first.
fn brightest(pool: &Arc<Pool>, mut points: Vec<u8>) -> u8 {
    if points.len() <= 256 {
        return points.into_iter().max().unwrap_or_default();
    }
    let rest = points.split_off(points.len() / 2);
    let inside = Arc::clone(pool);
    let other = pool.spawn(move || brightest(&inside, rest));
    let other = other.expect("nobody stops the pool");
    let mine = brightest(pool, points);
    mine.max(other.join().expect("no task panics"))
}

/// The smallest executor: it sleeps until the future can go on.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
