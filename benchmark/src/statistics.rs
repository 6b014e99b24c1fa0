//! What is said about samples: medians, and how sure they are.

/// What a set of samples looks like.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "records", derive(serde::Serialize))]
pub struct Summary {
    /// Half of the samples are below.
    pub median: f64,
    /// A quarter of the samples is below.
    pub lower_quartile: f64,
    /// A quarter of the samples is above.
    pub upper_quartile: f64,
    /// The lower end of the 95 % interval of the median.
    pub low: f64,
    /// The upper end of the 95 % interval of the median.
    pub high: f64,
    /// How many samples there are.
    pub samples: usize,
}

impl Summary {
    /// Looks at samples, in any order. Without samples, all is not a number.
    ///
    /// The interval is the one between two of the sorted samples: the true median is outside only
    /// if too many of the samples fell on the same side of it, which is as likely as so many heads
    /// in so many throws of a coin. It assumes nothing about the distribution. Fewer than six
    /// samples cannot give 95 %; then it is the whole range.
    #[must_use]
    pub fn of(samples: &[f64]) -> Summary {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let cut = outside_interval(sorted.len());
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        Summary {
            median: quantile(&sorted, 0.5),
            lower_quartile: quantile(&sorted, 0.25),
            upper_quartile: quantile(&sorted, 0.75),
            low: at(cut),
            high: at((sorted.len().wrapping_sub(1)).wrapping_sub(cut)),
            samples: sorted.len(),
        }
    }

    /// Whether the interval contains `value`.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The value below which that part of the sorted samples lies, between samples in proportion.
#[must_use]
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = part * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let fraction = place - place.floor();
    sorted[below] * (1.0 - fraction) + sorted[above] * fraction
}

/// The ratios of samples that were taken side by side.
#[must_use]
pub fn paired(above: &[f64], below: &[f64]) -> Vec<f64> {
    above.iter().zip(below).map(|(a, b)| a / b).collect()
}

/// The geometric mean.
#[must_use]
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for value in values {
        sum += value.ln();
        count += 1;
    }
    (sum / f64::from(count)).exp()
}

/// How many samples to leave out on either side, so that at most 2.5 % of the cases go wrong there.
fn outside_interval(samples: usize) -> usize {
    // The probability that exactly `heads` of the throws are heads, from none on.
    let mut exactly = 0.5_f64.powi(samples as i32);
    let mut at_most = exactly;
    let mut heads = 0;
    while at_most <= 0.025 {
        heads += 1;
        exactly *= (samples - heads + 1) as f64 / heads as f64;
        at_most += exactly;
    }
    // With the `heads`-th sample as the end, the interval misses if fewer than `heads` are below.
    heads.saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::{Summary, geometric_mean, outside_interval, paired};

    #[test]
    fn the_interval_is_that_of_the_tables() {
        // The ranks of the published tables for 95 %: 1..6 of 6, 2..9 of 10, 10..21 of 30, 40..61
        // of 100.
        for (samples, rank) in [(6, 1), (10, 2), (30, 10), (100, 40)] {
            assert_eq!(outside_interval(samples) + 1, rank, "{samples} samples");
        }
    }

    #[test]
    fn few_samples_have_the_range_as_interval() {
        let summary = Summary::of(&[3.0, 1.0, 2.0]);
        assert_eq!((summary.low, summary.median, summary.high), (1.0, 2.0, 3.0));
    }

    #[test]
    fn no_samples_are_not_a_number() {
        let summary = Summary::of(&[]);
        assert!(summary.median.is_nan() && summary.low.is_nan() && summary.high.is_nan());
    }

    #[test]
    fn quartiles_lie_between_samples() {
        let summary = Summary::of(&[4.0, 1.0, 3.0, 2.0, 5.0]);
        assert_eq!((summary.lower_quartile, summary.upper_quartile), (2.0, 4.0));
        assert!(summary.contains(3.0));
    }

    #[test]
    fn means_and_pairs() {
        assert!((geometric_mean([2.0, 8.0]) - 4.0).abs() < 1e-9);
        assert_eq!(paired(&[2.0, 9.0], &[1.0, 3.0]), [2.0, 3.0]);
    }
}
