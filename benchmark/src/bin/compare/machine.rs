//! What machine this is.

use std::fs;
use std::path::Path;

use benchmark::records::Machine;

/// As far as the system tells.
pub(crate) fn here() -> Machine {
    let cpu = Path::new("/sys/devices/system/cpu/cpu0");
    let mut machine = Machine {
        processor: std::env::consts::ARCH.to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        caches: caches(&cpu.join("cache")),
        kernel: std::env::consts::OS.to_owned(),
        governor: read(&cpu.join("cpufreq/scaling_governor")),
        ..Machine::default()
    };
    #[cfg(target_os = "linux")]
    ask_linux(&mut machine);
    machine
}

#[cfg(target_os = "linux")]
fn ask_linux(machine: &mut Machine) {
    use procfs::Current;

    if let Some(release) = read(Path::new("/proc/sys/kernel/osrelease")) {
        machine.kernel = format!("linux {release}");
    }
    let Ok(processors) = procfs::CpuInfo::current() else {
        return;
    };
    let field = |name| processors.get_field(0, name);
    if let Some(name) = field("model name") {
        name.clone_into(&mut machine.processor);
    }
    let numbers = ["cpu family", "model", "stepping"].map(field);
    if let [Some(family), Some(model), Some(stepping)] = numbers {
        machine.model = Some(format!("{family}.{model}.{stepping}"));
    }
    let is_virtual = |flags: &str| flags.split_whitespace().any(|flag| flag == "hypervisor");
    machine.is_virtual = field("flags").map(is_virtual);
}

/// The caches of a core, from the closest on.
fn caches(folder: &Path) -> Vec<String> {
    let cache = |index| {
        let about = |what: &str| read(&folder.join(format!("index{index}")).join(what));
        let (level, kind, size) = (about("level")?, about("type")?, about("size")?);
        let kind = match kind.as_str() {
            "Data" => " data",
            "Instruction" => " code",
            _ => "",
        };
        Some(format!("L{level}{kind} {size}"))
    };
    (0..).map_while(cache).collect()
}

fn read(file: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    Some(text.trim().to_owned())
}
