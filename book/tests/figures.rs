//! The figures of recorded runs.

use std::fs;
use std::path::Path;

use book::census::Census;
use book::figure::{compared, inline, side_by_side, standalone};
use book::repository::Repository;
use book::trace::Run;

const SAMPLE: &str = include_str!("fixtures/sample.json");

/// A run of two workers and a queue of three places, with these events.
fn run(events: &str) -> Run {
    try_run(events).unwrap()
}

fn try_run(events: &str) -> anyhow::Result<Run> {
    Run::read(&format!(
        r#"{{"title": "A <run>", "workers": 2, "capacity": 3, "unit": "us", "events": [{events}]}}"#
    ))
}

fn event(at: u64, kind: &str, task: u64) -> String {
    format!(r#"{{"at": {at}, "kind": "{kind}", "task": {task}}},"#)
}

/// A task from `submitted` to the end, on a worker.
fn task(number: u64, worker: u64, times: [u64; 4], end: &str) -> String {
    let [submitted, queued, started, ended] = times;
    event(submitted, "submitted", number)
        + &event(queued, "queued", number)
        + &format!(
            r#"{{"at": {started}, "kind": "started", "task": {number}, "worker": {worker}}},"#
        )
        + &event(ended, end, number)
}

fn events(parts: &[String]) -> String {
    parts.concat().trim_end_matches(',').to_owned()
}

fn count(figure: &str, part: &str) -> usize {
    figure.matches(part).count()
}

#[test]
fn a_figure_says_what_there_is_at_each_moment() {
    // The first task waits 10 ms for its worker, the second 20 ms for a place.
    let tasks = [
        task(1, 1, [0, 1_000, 10_000, 40_000], "finished"),
        task(2, 2, [5_000, 25_000, 30_000, 50_000], "panicked"),
    ];
    let figure = inline(&run(&events(&tasks)));
    let (_, play) = figure.split_once("data-play=\"").unwrap();
    let play = play.split_once('"').unwrap().0.replace("&quot;", "\"");
    let (_, states) = play.split_once("\"states\":").unwrap();
    // A time, and then: waiting to submit, in the queue, running, over.
    let expected = [
        "[0,[1,0,0,0]]",
        "[1000,[0,1,0,0]]",
        "[5000,[1,1,0,0]]",
        "[10000,[1,0,1,0]]",
        "[25000,[0,1,1,0]]",
        "[30000,[0,0,2,0]]",
        "[40000,[0,0,1,1]]",
        "[50000,[0,0,0,2]]",
    ];
    assert!(
        states.starts_with(&format!("[{}]", expected.join(","))),
        "{states}"
    );
}

#[test]
fn runs_side_by_side_have_one_scale() {
    let short = run(&events(&[task(1, 1, [0, 0, 0, 10_000], "finished")]));
    let long = run(&events(&[task(1, 1, [0, 0, 0, 40_000], "finished")]));
    let both = side_by_side(&[short, long]);
    assert_eq!(
        count(&both, ">40 ms<"),
        2,
        "both axes go to the end of the longer run"
    );
}

#[test]
fn a_figure_has_a_bar_for_each_task_and_a_lane_for_each_worker() {
    let figure = inline(&Run::read(SAMPLE).unwrap());
    let drawing = &figure[..figure.find("</svg>").unwrap()];
    // The legend has a bar that stands for a panic.
    assert_eq!(count(drawing, "<rect class=\"task"), 16 + 1);
    assert_eq!(count(drawing, "class=\"task panicked\""), 3 + 1);
    assert_eq!(count(drawing, "class=\"hatch\""), 3 + 1);
    assert_eq!(count(drawing, ">worker "), 3);
    assert_eq!(count(drawing, "class=\"gone\""), 1);
    assert_eq!(count(drawing, "class=\"capacity\""), 1);
    assert_eq!(count(drawing, "class=\"cancelled\""), 1);
    assert!(drawing.contains(">capacity 4<") && drawing.contains(">waiting to submit<"));
    assert!(
        drawing.contains("<title>task 5: 4.62 ms to 8.72 ms, panicked</title>"),
        "{drawing}"
    );
    assert!(drawing.contains(">5 ms<") && drawing.contains(">20 ms<"));
    // While it is played, the number of a task is not there before the task is, nor *cancelled*
    // before that.
    assert_eq!(count(drawing, " data-from=\""), 16 + 1);
}

#[test]
fn a_figure_can_be_read_without_seeing_it() {
    let figure = inline(&Run::read(SAMPLE).unwrap());
    let label = figure
        .split("aria-label=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for part in [
        "19 tasks on 3 workers, with 4 places in the queue, in 21.49 ms",
        "13 finished, 3 panicked, 1 cancelled, 2 refused.",
        "had to wait for a place, the longest for 2.35 ms.",
        "Worker 2 was gone after 17.32 ms.",
    ] {
        assert!(label.contains(part), "{part:?} is not in {label:?}");
    }
    assert!(figure.contains("role=\"img\""));
    assert!(figure.contains(
        "<td>5</td><td>1.58</td><td>1.61</td><td>4.62</td><td>1</td><td>8.72</td><td>panicked</td>"
    ));
}

#[test]
fn a_figure_is_one_line_of_harmless_html() {
    let title = r#"{"title": "a </svg>\n\n{{#include x}} \"b\"", "workers": 1, "capacity": 1, "unit": "us",
        "events": [{"at": 0, "kind": "born", "worker": 1}]}"#;
    let figure = inline(&Run::read(title).unwrap());
    assert_eq!(figure.trim_end().lines().count(), 1);
    assert!(!figure.contains("{{#"), "{figure}");
    assert_eq!(count(&figure, "</svg>"), 1);
    // `print.html` would rename it.
    assert!(!figure.contains(" id="));
}

#[test]
fn a_title_may_hold_code() {
    let title = r#"{"title": "`a < b`: no", "workers": 1, "capacity": 1, "unit": "us",
        "events": [{"at": 0, "kind": "born", "worker": 1}]}"#;
    let run = Run::read(title).unwrap();
    let figure = inline(&run);
    assert!(
        figure.contains("<figcaption><code>a &lt; b</code>: no</figcaption>"),
        "{figure}"
    );
    assert!(figure.contains("aria-label=\"a &lt; b: no. "), "{figure}");
    assert!(standalone(&run).contains("<title>a &lt; b: no</title>"));
}

#[test]
fn the_length_of_the_queue_is_found_from_the_tasks() {
    // Task 2 has started when its submitter hears that it was accepted.
    let figure = inline(&run(&events(&[
        task(1, 1, [0, 10, 20, 100], "finished"),
        task(2, 2, [0, 30, 25, 100], "finished"),
        task(3, 1, [0, 40, 100, 110], "finished"),
        task(4, 2, [0, 50, 100, 120], "finished"),
    ])));
    assert!(
        figure.contains("<title>at most 2 in the queue</title>"),
        "{figure}"
    );
    let never = inline(&run(&events(&[task(1, 1, [0, 30, 25, 100], "finished")])));
    assert!(
        never.contains("<title>at most 0 in the queue</title>"),
        "{never}"
    );
    let sampled = run(r#"{"at": 0, "kind": "queued", "task": 1, "queue": 1},
        {"at": 5, "kind": "queued", "task": 2, "queue": 3},
        {"at": 9, "kind": "started", "task": 1, "worker": 1, "queue": 2}"#);
    assert!(inline(&sampled).contains("<title>at most 3 in the queue</title>"));
}

#[test]
fn a_cancelled_task_leaves_the_queue() {
    let cancelled = events(&[
        event(0, "queued", 1),
        event(10, "cancelled", 1),
        event(20, "queued", 2),
        event(100, "cancelled", 2),
    ]);
    let figure = inline(&run(&cancelled));
    assert!(figure.contains("<title>at most 1 in the queue</title>"));
    assert!(
        figure.contains("<title>task 1 cancelled at 0.01 ms</title>"),
        "{figure}"
    );
}

#[test]
fn only_waits_of_more_than_a_hundredth_of_the_run_are_drawn() {
    let figure = inline(&run(&events(&[
        task(1, 1, [0, 10, 10, 1000], "finished"),
        task(2, 2, [0, 11, 20, 900], "finished"),
    ])));
    assert_eq!(count(&figure, "class=\"wait\""), 1);
    assert!(
        figure.contains("<title>task 2 was submitted after 0.01 ms</title>"),
        "{figure}"
    );
    let quick = inline(&run(&events(&[task(1, 1, [0, 10, 10, 1000], "finished")])));
    assert!(!quick.contains(">waiting to submit<"));
}

#[test]
fn a_refused_task_may_come_again() {
    let figure = inline(&run(&events(&[
        event(0, "submitted", 1),
        event(100, "refused", 1),
        task(1, 1, [200, 300, 310, 1000], "finished"),
    ])));
    assert_eq!(count(&figure, "class=\"wait\""), 2);
    assert!(figure.contains("task 1 was refused after 0.10 ms"));
    assert!(figure.contains("task 1 was submitted after 0.10 ms"));
    assert!(figure.contains(": 1 finished."), "{figure}");
}

#[test]
fn the_lane_of_a_worker_is_as_long_as_its_life() {
    let figure = inline(&run(
        r#"{"at": 0, "kind": "born", "worker": 1}, {"at": 50, "kind": "born", "worker": 2},
           {"at": 75, "kind": "gone", "worker": 2}, {"at": 100, "kind": "gone", "worker": 1}"#,
    ));
    // From a half to three quarters of the way between 118 and 734.
    assert!(
        figure.contains("<path class=\"alive\" d=\"M426 "),
        "{figure}"
    );
    assert!(
        figure.contains("<path class=\"gone\" d=\"M580 "),
        "{figure}"
    );
    assert!(
        figure.contains("Worker 2 was gone after 0.07 ms."),
        "{figure}"
    );
    assert!(
        !figure.contains("Worker 1 was gone"),
        "as all are in the end"
    );
}

#[test]
fn a_pool_that_grows_has_a_lane_for_each_worker_that_there_was() {
    let figure = inline(&run(
        r#"{"at": 0, "kind": "born", "worker": 0}, {"at": 100, "kind": "gone", "worker": 0}"#,
    ));
    assert_eq!(count(&figure, ">worker "), 1, "{figure}");
}

#[test]
fn workers_may_count_from_zero_or_from_one() {
    let lanes = |worker| inline(&run(&events(&[task(1, worker, [0, 1, 2, 3], "finished")])));
    assert!(lanes(0).contains(">worker 0<") && !lanes(0).contains(">worker 2<"));
    assert!(lanes(1).contains(">worker 2<") && !lanes(1).contains(">worker 0<"));
    assert!(
        lanes(7).contains(">worker 7<"),
        "one more than there should be"
    );
}

#[test]
fn a_task_on_top_of_another_is_drawn_above_it() {
    let rows = |tasks: [String; 2]| -> Vec<f64> {
        let figure = inline(&run(&events(&tasks)));
        let bars = figure.split("<rect class=\"task\"").skip(1);
        let y = bars.map(|bar| bar.split_once(" y=\"").unwrap().1);
        y.map(|y| y.split_once('"').unwrap().0.parse().unwrap())
            .collect()
    };
    let parent = task(1, 1, [0, 1, 2, 1000], "finished");
    let nested = rows([parent.clone(), task(2, 1, [3, 4, 500, 900], "finished")]);
    assert_eq!(nested[0] - nested[1], 24.0);
    let next = rows([parent.clone(), task(2, 1, [3, 4, 1000, 1100], "finished")]);
    assert_eq!(next[0], next[1]);
    let beside = rows([parent, task(2, 2, [3, 4, 500, 900], "finished")]);
    assert_eq!(beside[1] - beside[0], 24.0);
}

#[test]
fn a_long_table_breaks_off() {
    let tasks = |n: u64| {
        (1..=n)
            .map(|t| task(t, 1, [t, t, t, t + 1], "finished"))
            .collect::<Vec<_>>()
    };
    let table = |n| inline(&run(&events(&tasks(n))));
    assert_eq!(count(&table(40), "<tr><td>"), 40);
    assert!(!table(40).contains('…'));
    assert_eq!(count(&table(41), "<tr><td>"), 40);
    assert!(table(41).contains("… and 1 more task<"));
    assert!(table(1300).contains("… and 1\u{202f}260 more tasks<"));
}

#[test]
fn a_queue_far_from_its_limit_fills_the_plot() {
    let far = SAMPLE.replace("\"capacity\": 4", "\"capacity\": 4096");
    let figure = inline(&Run::read(&far).unwrap());
    assert!(
        figure.contains(">capacity 4\u{202f}096, off the scale<"),
        "{figure}"
    );
    assert!(!figure.contains("class=\"capacity\""));
}

#[test]
fn an_impossible_run_is_refused() {
    for (events, part) in [
        (String::new(), "nothing happens"),
        (event(1, "finished", 1), "ends, but never starts"),
        (
            task(1, 1, [0, 1, 5, 4], "finished"),
            "ends before it starts",
        ),
        (
            task(1, 1, [0, 1, 2, 3], "finished") + &event(5, "panicked", 1),
            "both finished and panicked",
        ),
        (
            task(1, 1, [0, 1, 2, 3], "finished") + &event(5, "queued", 1),
            "Queued twice",
        ),
        (event(1, "started", 1), "no worker"),
        (r#"{"at": 1, "kind": "gone"}"#.to_owned(), "no worker"),
        (r#"{"at": 1, "kind": "queued"}"#.to_owned(), "no task"),
        (event(1, "exploded", 1), "unknown variant `exploded`"),
    ] {
        let error = try_run(events.trim_end_matches(',')).expect_err(part);
        assert!(format!("{error:#}").contains(part), "{error:#}");
    }
    let unit = SAMPLE.replace("\"us\"", "\"ns\"");
    assert!(
        Run::read(&unit)
            .unwrap_err()
            .to_string()
            .contains("unknown variant `ns`")
    );
}

#[test]
fn a_picture_of_its_own_needs_no_style_of_the_page() {
    let picture = standalone(&Run::read(SAMPLE).unwrap());
    assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(!picture.contains("var("), "a colour is not fixed");
    assert!(
        picture.contains("<rect class=\"paper\"")
            && picture.contains(".run .paper { fill: #ffffff; }")
    );
    assert_eq!(picture, standalone(&Run::read(SAMPLE).unwrap()));
}

#[test]
fn one_is_not_many() {
    let one = Run::read(
        r#"{"title": "One", "workers": 1, "capacity": 1, "unit": "us", "events": [
            {"at": 0, "kind": "submitted", "task": 1}, {"at": 500, "kind": "queued", "task": 1},
            {"at": 900, "kind": "started", "task": 1, "worker": 1},
            {"at": 1000, "kind": "finished", "task": 1}]}"#,
    );
    let alone = inline(&one.unwrap());
    let label = "One. 1 task on 1 worker, with 1 place in the queue, in 1.00 ms: 1 finished. At most \
                 1 task waited in the queue. 1 call had to wait for a place, the longest for 0.50 ms.";
    assert!(alone.contains(label), "{alone}");
    let census = compared(&[census("one", r#"{"live": [[0, 1]], "arrivals": [1]}"#)]);
    assert!(census.contains("one: 1 task in 1\u{202f}000.00 ms. At most 1 worker, 1 at the end."));
    let names = "&quot;names&quot;:[[&quot;worker&quot;,&quot;workers&quot;],";
    assert!(census.contains(names), "{census}");
}

// ---- workers and queue over time ----

/// A run of 1000 ms with these fields instead of empty ones.
fn try_census(title: &str, fields: &str) -> anyhow::Result<Census> {
    let mut census = serde_json::json!({
        "title": title, "capacity": 4, "unit": "us", "end": 1_000_000,
        "arrivals": [], "refused": [], "live": [], "busy": [], "queued": []
    });
    let fields: serde_json::Value = serde_json::from_str(fields).unwrap();
    for (name, value) in fields.as_object().unwrap() {
        census[name] = value.clone();
    }
    Census::read(&census.to_string())
}

fn census(title: &str, fields: &str) -> Census {
    try_census(title, fields).unwrap()
}

/// Two workers, the second of them for a quarter of a second; one task for half a second.
const GROWING: &str = r#"{"arrivals": [250000, 250001, 500000], "refused": [500000],
    "live": [[0, 1], [250000, 2], [500000, 1]], "busy": [[250000, 1], [750000, 0]],
    "queued": [[250000, 1], [300000, 0]]}"#;

#[test]
fn workers_are_a_line_and_busy_ones_an_area_on_a_scale_for_all() {
    let large = r#"{"live": [[0, 4]], "end": 2000000}"#;
    let figure = compared(&[census("small", GROWING), census("large", large)]);
    let drawing = &figure[..figure.find("</svg>").unwrap()];
    // 118 to 734 are two seconds; the plot is 58 high, for four workers, and begins at 24.
    assert!(
        drawing.contains("<path class=\"live\" d=\"M118 82H118V67.5H195V53H272V67.5H426\">"),
        "{drawing}"
    );
    assert!(
        drawing.contains("<path class=\"busy\" d=\"M118 82H195V67.5H349V82H426V82Z\"/>"),
        "{drawing}"
    );
    assert!(drawing.contains("<title>at most 1 in the queue</title>"));
    // One tick for two arrivals that cannot be told apart, and one more; the legend has its own.
    assert_eq!(count(drawing, "<title>3 tasks</title>"), 1);
    assert!(
        drawing.contains("class=\"arrival\" d=\"M195 128V136M272 128V136\""),
        "{drawing}"
    );
    assert_eq!(count(drawing, "class=\"cross\""), 1 + 1);
    // What a run comes to is not told before its end.
    let sum = "data-from=\"1000000\">2 at most, 1 at the end; 1.3 thread-seconds, 0.8 idle<";
    assert!(drawing.contains(sum), "{drawing}");
    assert!(drawing.contains(">small<") && drawing.contains(">large<"));
    assert!(drawing.contains(">2000 ms<"));
}

#[test]
fn a_queue_that_was_always_empty_is_left_out() {
    let figure = compared(&[census("idle", r#"{"live": [[0, 4]]}"#)]);
    assert!(!figure.contains(">queue<"));
    assert!(!figure.contains("class=\"cross\""));
}

#[test]
fn a_comparison_can_be_read_without_seeing_it() {
    let figure = compared(&[census("`v3`, growing", GROWING)]);
    for part in [
        "role=\"img\"",
        "v3, growing: 3 tasks in 1\u{202f}000.00 ms, 1 of them refused. At most 2 workers, 1 at the \
         end. At most 1 task waited in the queue. 1.3 thread-seconds, 0.8 of them idle.",
        "<figcaption>Workers and queue over time: <code>v3</code>, growing</figcaption>",
        "<th>v3, growing</th>",
        "<td>200.00 ms</td><td>1 / 0 / 0</td>",
        "<td>400.00 ms</td><td>2 / 1 / 0</td>",
    ] {
        assert!(figure.contains(part), "{part:?} is not in {figure}");
    }
    assert_eq!(figure.trim_end().lines().count(), 1);
    assert!(!figure.contains(" id="));
}

#[test]
fn many_changes_within_a_point_are_one_stroke_from_the_most_to_the_fewest() {
    let changes: Vec<(u64, u64)> = (0..100).map(|n| (500_000 + n, n % 7)).collect();
    let fields = format!("{{\"live\": {changes:?}}}");
    let figure = compared(&[census("many", &fields.replace('(', "[").replace(')', "]"))]);
    assert!(
        figure.contains("<path class=\"live\" d=\"M118 82H426V24V82V72.3H734\">"),
        "{figure}"
    );
}

#[test]
fn an_impossible_census_is_refused() {
    for (fields, part) in [
        (r#"{"end": 0}"#, "nothing was watched"),
        (r#"{"live": [[2, 1], [1, 2]]}"#, "`live` are not in order"),
        (
            r#"{"busy": [[1000001, 1]]}"#,
            "`busy` changes after the end",
        ),
        (
            r#"{"refused": [1000001]}"#,
            "`refused` has a time after the end",
        ),
        (r#"{"unit": "ns"}"#, "unknown variant `ns`"),
    ] {
        let error = try_census("bad", fields).expect_err(part);
        assert!(format!("{error:#}").contains(part), "{error:#}");
    }
}

/// `cargo book draw NAME --output book/src/figures/NAME.svg` brings a picture up to date.
#[test]
fn the_pictures_in_the_book_are_those_of_the_traces() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = Repository::around(book).unwrap();
    // There need not be any.
    let pictures = fs::read_dir(book.join("src/figures")).into_iter().flatten();
    for picture in pictures {
        let path = picture.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "svg") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let run = Run::recorded(&repository, name).unwrap();
            let picture = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
            assert!(
                picture == standalone(&run),
                "{} is out of date",
                path.display()
            );
        }
    }
}

/// Figures that are written by hand: `theme/play.js` tells their steps in words.
#[test]
fn a_figure_of_steps_tells_each_step_with_script_and_without() {
    let chapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/versions");
    let mut found = 0;
    for chapter in fs::read_dir(chapters).unwrap() {
        let path = chapter.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        for figure in text.split("data-play=\"").skip(1) {
            let (play, rest) = figure.split_once('"').unwrap();
            let play: serde_json::Value =
                serde_json::from_str(&html_escape::decode_html_entities(play)).unwrap();
            let (_, label) = rest.split_once("aria-label=\"").unwrap();
            let label = html_escape::decode_html_entities(label.split('"').next().unwrap());
            let states = play["states"].as_array().unwrap();
            assert!(play["names"].as_array().unwrap().is_empty());
            for (number, state) in states.iter().enumerate() {
                assert_eq!(state[0], 1000 * number, "{}", path.display());
                let (title, step) = state[1].as_str().unwrap().split_once(": ").unwrap();
                let told = format!("Step {}: {step}", number + 1);
                assert!(
                    label.starts_with(title) && label.contains(&told),
                    "{}: {told}",
                    path.display()
                );
            }
            assert_eq!(play["axis"][3], 1000 * states.len());
            found += 1;
        }
    }
    assert!(found >= 7, "{found} figures");
}
