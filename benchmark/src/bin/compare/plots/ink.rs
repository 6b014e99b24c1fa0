//! Who is drawn in which colour.

use benchmark::contenders::everybody;
use benchmark::records::{A_AGAINST_A, AGAIN, Entry};
use plotters::style::RGBColor;

/// Our pools are warm, the baselines grey, the peers cold; none is too light for white paper.
const WARM: &[RGBColor] = &[
    RGBColor(214, 39, 40),
    RGBColor(240, 130, 20),
    RGBColor(148, 70, 190),
    RGBColor(225, 90, 170),
    RGBColor(130, 60, 30),
    RGBColor(190, 150, 0),
    RGBColor(110, 20, 60),
    RGBColor(240, 120, 110),
];
const GREY: &[RGBColor] = &[
    RGBColor(0, 0, 0),
    RGBColor(80, 80, 80),
    RGBColor(120, 120, 120),
    RGBColor(155, 155, 155),
    RGBColor(100, 100, 100),
];
const COLD: &[RGBColor] = &[
    RGBColor(31, 119, 180),
    RGBColor(44, 160, 44),
    RGBColor(20, 180, 200),
    RGBColor(0, 70, 110),
    RGBColor(130, 170, 30),
    RGBColor(90, 90, 200),
];

/// How a contender is drawn, in every plot and in every run.
#[derive(Clone, Copy)]
pub(super) struct Ink {
    pub(super) colour: RGBColor,
    pub(super) width: u32,
    /// The second entry of the contender that races against itself: its colour, but broken.
    pub(super) is_again: bool,
}

impl Ink {
    pub(super) fn of(entry: &Entry) -> Ink {
        let name = entry
            .contender
            .strip_suffix(AGAIN)
            .unwrap_or(&entry.contender);
        let everybody = everybody();
        let known = everybody.iter().find(|(racer, _)| *racer == name);
        let family = known.map_or(entry.family.as_str(), |(_, family)| family);
        let mut kin = everybody.iter().filter(|(_, kin)| *kin == family);
        let place = kin.position(|(racer, _)| *racer == name).unwrap_or(0);
        let (colours, width) = match family {
            "ours" => (WARM, 3),
            "baseline" => (GREY, 2),
            _ => (COLD, 2),
        };
        Ink {
            colour: colours[place % colours.len()],
            width,
            is_again: entry.family == A_AGAINST_A,
        }
    }
}
