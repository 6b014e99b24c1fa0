//! The list of the models of a topic. `model-stress` has it from here.

/// Makes two tests of each model, a quick one and a deep one. Numbers behind a name are the seeds of
/// schedules on which the model once failed: they are tried first.
///
/// ```ignore
/// models![
///     every_task_runs,
///     no_task_runs_twice: [17, 4],
/// ];
/// ```
#[macro_export]
macro_rules! models {
    ($($model:ident $(: [$($seed:literal),* $(,)?])?),* $(,)?) => { $(
        mod $model {
            #[test]
            fn fast() {
                $crate::explore(super::$model, &[$($($seed),*)?]);
            }

            #[test]
            #[ignore = "many schedules: run by cargo deep"]
            fn deep() {
                $crate::explore_deeply(super::$model);
            }
        }
    )* };
}
