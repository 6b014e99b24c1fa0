//! Round numbers on a logarithmic axis of times.

/// At least this many, if there are as many round numbers.
const ENOUGH: usize = 5;

/// Times between `low` and `high`, in nanoseconds: as round as they can be and still be enough to
/// read a value by.
pub(super) fn ticks(low: f64, high: f64) -> Vec<f64> {
    let digits: [&[f64]; 4] = [
        &[1.0],
        &[1.0, 3.0],
        &[1.0, 2.0, 5.0],
        &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
    ];
    let by_decade = digits.into_iter().map(|digits| decades(digits, low, high));
    // Within less than a decade, the axis is nearly even.
    let steps = [5.0, 2.0, 1.0, 0.5, 0.2].into_iter();
    let even = steps.map(|step| multiples(step * power_of_ten(high - low), low, high));
    let mut all: Vec<_> = by_decade.chain(even).collect();
    let first = all.iter().position(|ticks| ticks.len() >= ENOUGH);
    all.swap_remove(first.unwrap_or(all.len() - 1))
}

fn power_of_ten(below: f64) -> f64 {
    10_f64.powf(below.log10().floor())
}

fn decades(digits: &[f64], low: f64, high: f64) -> Vec<f64> {
    let mut ticks = Vec::new();
    let mut decade = power_of_ten(low);
    while decade <= high {
        let within = |tick: &f64| (low..=high).contains(tick);
        ticks.extend(digits.iter().map(|digit| digit * decade).filter(within));
        decade *= 10.0;
    }
    ticks
}

fn multiples(step: f64, low: f64, high: f64) -> Vec<f64> {
    let (first, last) = ((low / step).ceil() as u64, (high / step).floor() as u64);
    (first..=last).map(|times| times as f64 * step).collect()
}

/// A tick, in the unit that suits it.
pub(super) fn label(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        1e9.. => (nanoseconds / 1e9, "s"),
        1e6.. => (nanoseconds / 1e6, "ms"),
        1e3.. => (nanoseconds / 1e3, "us"),
        _ => (nanoseconds, "ns"),
    };
    // What is beyond is the error of the division.
    let rounded = (value * 1000.0).round() / 1000.0;
    format!("{rounded} {unit}")
}

#[cfg(test)]
mod tests {
    use super::{label, ticks};

    fn labels(low: f64, high: f64) -> Vec<String> {
        ticks(low, high).into_iter().map(label).collect()
    }

    #[test]
    fn many_decades_have_a_tick_each() {
        let expected = ["10 ns", "100 ns", "1 us", "10 us", "100 us"];
        assert_eq!(labels(9.5, 130_000.0), expected);
    }

    #[test]
    fn few_decades_have_more_ticks_each() {
        let expected = ["100 ns", "300 ns", "1 us", "3 us", "10 us", "30 us"];
        assert_eq!(labels(70.0, 40_000.0), expected);
        let expected = ["1 us", "2 us", "5 us", "10 us", "20 us"];
        assert_eq!(labels(800.0, 25_000.0), expected);
        let expected = ["15 us", "20 us", "30 us", "50 us", "70 us", "100 us"];
        assert_eq!(labels(14_000.0, 140_000.0), expected);
    }

    #[test]
    fn less_than_a_decade_has_even_ticks() {
        let expected = ["90 us", "100 us", "110 us", "120 us", "130 us"];
        assert_eq!(labels(83_000.0, 136_000.0), expected);
        let expected = ["10.2 us", "10.4 us", "10.6 us", "10.8 us", "11 us"];
        assert_eq!(labels(10_150.0, 11_050.0), expected);
    }

    #[test]
    fn there_are_neither_too_few_nor_too_many() {
        for low in [1.0, 1.7, 31.0, 950.0] {
            for step in 1..400 {
                let ticks = ticks(low, low * 1.04_f64.powi(step));
                assert!((3..=14).contains(&ticks.len()), "{low} {step} {ticks:?}");
            }
        }
    }
}
