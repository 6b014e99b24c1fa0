//! Which machine it was.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A machine, as far as its system tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Machine {
    /// What the processor is called.
    pub processor: String,
    /// Family, model and stepping, which tell apart what is called the same: `6.207.2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Cores that this program may use.
    pub cores: usize,
    /// Caches of the first core: `L1 data 48K`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caches: Vec<String>,
    /// The system and its kernel.
    pub kernel: String,
    /// Whether there is a hypervisor below.
    #[serde(rename = "virtual", default, skip_serializing_if = "Option::is_none")]
    pub is_virtual: Option<bool>,
    /// What decides about the cores' frequency, where that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governor: Option<String>,
}

impl Machine {
    /// The processor and its model, as a heading has room for them.
    #[must_use]
    pub fn short_name(&self) -> String {
        let name = self.plain_name();
        let name = name.split(" CPU").next().unwrap_or(&name);
        let name = name.trim_end_matches(" Processor").trim();
        match &self.model {
            Some(model) => format!("{name} {model}"),
            None => name.to_owned(),
        }
    }

    fn plain_name(&self) -> String {
        self.processor.replace("(R)", "").replace("(TM)", "")
    }

    /// The name of its folder among the records: machines with the same processor and as many cores
    /// share one.
    #[must_use]
    pub fn folder(&self) -> String {
        let name = self.plain_name();
        let model = self.model.as_deref().unwrap_or_default();
        let text = format!("{name} {model} {} cores", self.cores).to_lowercase();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        words.join("-")
    }
}

/// In a line.
impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.processor)?;
        if let Some(model) = &self.model {
            write!(f, " ({model})")?;
        }
        let cores = if self.cores == 1 { "core" } else { "cores" };
        write!(f, ", {} {cores}", self.cores)?;
        if !self.caches.is_empty() {
            write!(f, ", {}", self.caches.join(", "))?;
        }
        write!(f, ", {}", self.kernel)?;
        f.write_str(match self.is_virtual {
            Some(true) => ", a virtual machine",
            Some(false) => ", no virtual machine",
            None => "",
        })?;
        match &self.governor {
            Some(governor) => write!(f, ", governor {governor}"),
            None => f.write_str(", governor not known"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn the_same_processor_with_as_many_cores_has_the_same_folder() {
        let machine = |kernel: &str| Machine {
            processor: "Intel(R) Xeon(R) Processor @ 2.00GHz".to_owned(),
            model: Some("6.207.2".to_owned()),
            cores: 2,
            kernel: kernel.to_owned(),
            ..Machine::default()
        };
        let folder = machine("linux 6.18").folder();
        assert_eq!(folder, "intel-xeon-processor-2-00ghz-6-207-2-2-cores");
        assert_eq!(folder, machine("linux 7.0").folder());
        let plain = Machine {
            processor: "Intel(R) Xeon(R) Processor".to_owned(),
            ..Machine::default()
        };
        assert_eq!(plain.short_name(), "Intel Xeon");
        let told_apart = Machine {
            model: Some("6.207.2".to_owned()),
            ..plain
        };
        assert_eq!(told_apart.short_name(), "Intel Xeon 6.207.2");
    }
}
