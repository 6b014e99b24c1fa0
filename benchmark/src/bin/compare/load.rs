//! What others do with the machine meanwhile.

use std::sync::LazyLock;
use std::time::Instant;

/// How busy a machine was over some time, in cores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    /// Processes other than this one.
    pub(crate) others: f64,
    /// What the host gave to somebody else although this machine wanted it.
    pub(crate) stolen: f64,
}

/// Adds up times that are measured piece by piece.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    others: f64,
    stolen: f64,
    seconds: f64,
    pieces: u32,
}

/// The clocks tick a hundred times a second, and not together.
const TICK: f64 = 0.01;

impl Meter {
    /// Watches the work. What the threads of this process do is its own affair.
    pub(crate) fn watch<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = Clocks::read();
        let result = work();
        if let (Some(before), Some(after)) = (before, Clocks::read()) {
            self.others += (after.all - before.all) - (after.own - before.own);
            self.stolen += after.stolen - before.stolen;
            self.seconds += after.at - before.at;
            self.pieces += 1;
        }
        result
    }

    /// The mean over all pieces; nothing where the system does not tell. What the ticks of the
    /// clocks may have added is taken off: of a few short pieces next to nothing can be said.
    pub(crate) fn load(&self) -> Option<Load> {
        (self.seconds > 0.0).then(|| Load {
            others: ((self.others - TICK * f64::from(self.pieces).sqrt()) / self.seconds).max(0.0),
            stolen: self.stolen / self.seconds,
        })
    }
}

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Seconds of all cores together since the machine or this process was started.
struct Clocks {
    at: f64,
    all: f64,
    own: f64,
    stolen: f64,
}

impl Clocks {
    #[cfg(target_os = "linux")]
    fn read() -> Option<Clocks> {
        use procfs::CurrentSI;

        let ticks = procfs::ticks_per_second() as f64;
        let own = procfs::process::Process::myself().ok()?.stat().ok()?;
        let all = procfs::KernelStats::current().ok()?.total;
        let seconds = |count: u64| count as f64 / ticks;
        Some(Clocks {
            at: START.elapsed().as_secs_f64(),
            all: seconds(all.user + all.nice + all.system),
            own: seconds(own.utime + own.stime),
            stolen: seconds(all.steal.unwrap_or(0)),
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn read() -> Option<Clocks> {
        None
    }
}
