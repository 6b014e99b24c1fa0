//! `select!`.

/// Does one of several operations, any of those that are ready. Waits until one is, or for so long
/// as its `default` arm says.
///
/// The arms are `recv(receiver) -> result => ..`, `send(sender, message) -> result => ..`, and at
/// most one of `default => ..` and `default(timeout) => ..`. The message is evaluated only if the
/// arm is chosen.
#[macro_export]
macro_rules! select {
    // The arms that have been read are behind the `@`, each with two names that no other has.
    (@($($arms:tt)*) $default:tt) => {
        $crate::select!(#($($arms)*) $default)
    };
    (@($($arms:tt)*) $default:tt , $($rest:tt)*) => {
        $crate::select!(@($($arms)*) $default $($rest)*)
    };
    (@($($arms:tt)*) $default:tt recv($receiver:expr) -> $result:pat => $body:block $($rest:tt)*) => {
        $crate::select!(
            @($($arms)* [recv Receiver handle index ($receiver) () ($result) $body]) $default $($rest)*
        )
    };
    (@($($arms:tt)*) $default:tt recv($receiver:expr) -> $result:pat => $body:expr $(, $($rest:tt)*)?) => {
        $crate::select!(
            @($($arms)* [recv Receiver handle index ($receiver) () ($result) { $body }]) $default
            $($($rest)*)?
        )
    };
    (@($($arms:tt)*) $default:tt send($sender:expr, $message:expr $(,)?) -> $result:pat => $body:block $($rest:tt)*) => {
        $crate::select!(
            @($($arms)* [send Sender handle index ($sender) (, $message) ($result) $body]) $default $($rest)*
        )
    };
    (@($($arms:tt)*) $default:tt send($sender:expr, $message:expr $(,)?) -> $result:pat => $body:expr $(, $($rest:tt)*)?) => {
        $crate::select!(
            @($($arms)* [send Sender handle index ($sender) (, $message) ($result) { $body }]) $default
            $($($rest)*)?
        )
    };
    (@($($arms:tt)*) () default $(($($time:expr)?))? => $body:block $($rest:tt)*) => {
        $crate::select!(@($($arms)*) [($($($time)?)?) $body] $($rest)*)
    };
    (@($($arms:tt)*) () default $(($($time:expr)?))? => $body:expr $(, $($rest:tt)*)?) => {
        $crate::select!(@($($arms)*) [($($($time)?)?) { $body }] $($($rest)*)?)
    };
    (@($($arms:tt)*) $default:tt $($rest:tt)*) => {
        compile_error!(concat!("not an arm of a select: ", stringify!($($rest)*)))
    };
    (#(
        $([$operation:ident $Handle:ident $handle:ident $index:ident
            ($end:expr) ($($message:tt)*) ($result:pat) $body:tt])*
    ) $default:tt) => {{
        #[allow(unused_mut, reason = "there may be no operations")]
        let mut select = $crate::Select::new();
        $(
            let $handle: &$crate::$Handle<_> = &$end;
            let $index = select.$operation($handle);
        )*
        $crate::select!(? select selected $default {
            let selected_index = selected.index();
            $(
                if selected_index == $index {
                    let result = selected.$operation($handle $($message)*);
                    let $result = result;
                    $body
                } else
            )* {
                unreachable!("every operation has an arm")
            }
        })
    }};
    (? $select:ident $selected:ident () $done:block) => {{
        let $selected = $select.select();
        drop($select);
        $done
    }};
    (? $select:ident $selected:ident [() $body:block] $done:block) => {{
        let tried = $select.try_select();
        drop($select);
        match tried {
            Ok($selected) => $done,
            Err(_) => $body,
        }
    }};
    (? $select:ident $selected:ident [($time:expr) $body:block] $done:block) => {{
        let in_time = $select.select_timeout($time);
        drop($select);
        match in_time {
            Ok($selected) => $done,
            Err(_) => $body,
        }
    }};
    ($($arms:tt)*) => {
        $crate::select!(@() () $($arms)*)
    };
}
