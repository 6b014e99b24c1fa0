//! The list of the models of a topic. `model-stress` has it from here.

/// Makes two tests of each model, a quick one and a deep one. Numbers behind a name are the seeds
/// of schedules on which the model once failed: they are tried first. The quick one then tries so
/// many of each kind as `SCHEDULES` says at the root of the crate.
///
/// ```ignore
/// models![
///     every_task_runs,
///     no_task_runs_twice: [17, 4],
/// ];
/// ```
#[macro_export]
#[allow(
    clippy::crate_in_macro_def,
    reason = "each version says how many schedules"
)]
macro_rules! models {
    ($($model:ident $(: [$($seed:literal),* $(,)?])?),* $(,)?) => { $(
        mod $model {
            #[test]
            fn fast() {
                $crate::explore_some(super::$model, &[$($($seed),*)?], crate::SCHEDULES);
            }

            #[test]
            #[ignore = "many schedules: run by cargo deep"]
            fn deep() {
                $crate::explore_deeply(super::$model);
            }
        }
    )* };
}
