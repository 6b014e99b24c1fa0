//! Has the pool of v5 serve connections.
//!
//! Each version has its part in it. A connection is a task. When all threads are busy and all
//! places are taken, the next one is refused at once (v1). A panic costs one connection (v2).
//! Threads come when a browser opens connections, and leave when they have had nothing to do for a
//! while (v3). A client that says nothing keeps one worker, and what is queued behind it is stolen
//! by the others (v4). The tasks borrow the server, in a scope, and their handles say how they
//! ended (v5).

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use v5_futures::{Pool, ScopedJoinHandle};

/// How many ports to try.
const PORTS: u16 = 100;

/// How many connections are served at a time. They wait for the other side more than for this one,
/// so it is not a matter of cores. A browser opens six at a time, and some in advance that say
/// nothing for long.
pub const THREADS: usize = 16;

/// How many connections may wait for a thread.
pub const PLACES: usize = 32;

/// Accepts connections from this machine.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
    stopped: AtomicBool,
    pool: Pool,
}

impl Listener {
    /// Takes the first free port from `first` on. With 0, any free one.
    ///
    /// # Errors
    ///
    /// If no port is free, or no thread can be started.
    pub fn open(first: u16) -> Result<Listener> {
        let listener = bind(first)?;
        let pool = Pool::builder()
            .threads(1..=THREADS)
            .queue_capacity(PLACES)
            .idle_timeout(Duration::from_secs(10))
            .thread_name(|number| format!("connection-{number}"))
            .build()?;
        Ok(Listener {
            address: listener.local_addr()?,
            listener,
            stopped: AtomicBool::new(false),
            pool,
        })
    }

    /// Where it can be reached.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Has each connection served on a worker, until [`stop`](Listener::stop) is called. Those for
    /// which there is no place go to `refuse`, on the calling thread: it must not wait for anybody.
    ///
    /// To wait for a place instead would be back-pressure. But a browser does not slow down for it:
    /// it would show nothing, and the reader would not learn why.
    pub fn run(&self, serve: impl Fn(TcpStream) + Sync, refuse: impl Fn(TcpStream)) {
        let serve = &serve;
        self.pool.scope(|scope| {
            let mut handles = Vec::new();
            for connection in self.listener.incoming() {
                if self.stopped.load(SeqCst) {
                    break;
                }
                handles.extract_if(.., is_over).for_each(forget);
                let Ok(connection) = connection else {
                    // Perhaps too many are open, and it would fail again at once.
                    thread::sleep(Duration::from_millis(50));
                    continue;
                };
                // Nobody else submits, so a place that is seen here is still free below, and
                // `spawn` does not wait. And the connection is still here to be told.
                if self.pool.queue_len() >= self.pool.queue_capacity() {
                    refuse(connection);
                    continue;
                }
                // A closure that comes back is dropped, and with it the connection: it is closed.
                handles.extend(scope.spawn(move || serve(connection)));
            }
            handles.into_iter().for_each(forget);
        });
    }

    /// Lets [`run`](Listener::run) return, once the connections that it has accepted are served.
    pub fn stop(&self) {
        self.stopped.store(true, SeqCst);
        // Wakes `run`. If it fails, there is nobody to wake.
        let _ = TcpStream::connect(self.address);
    }
}

fn is_over(handle: &mut ScopedJoinHandle<'_, ()>) -> bool {
    handle.is_finished()
}

/// A panic was printed when it happened, and its connection is closed. Without the join, it would
/// unwind out of the scope and end the server.
fn forget(handle: ScopedJoinHandle<'_, ()>) {
    let _ = handle.join();
}

fn bind(first: u16) -> Result<TcpListener> {
    let last = first.saturating_add(PORTS - 1);
    for port in first..=last {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            result => return result.with_context(|| format!("port {port} cannot be used")),
        }
    }
    Err(anyhow!("no port from {first} to {last} is free"))
}
